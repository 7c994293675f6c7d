/** What the API itself refuses: a person is told what is allowed before anything runs. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { place, type Place } from './place.ts';

const { lacks } = await target();

type Fields = Record<string, unknown>;

const valid = { image: 'lingua-scheduler:dev', redis: { mode: 'single', url: 'redis://127.0.0.1:6379' } };

const manifest = (spec: Fields, name = 'refused'): string =>
  JSON.stringify({ apiVersion: 'lingua.dev/v1alpha1', kind: 'SchedulerCluster', metadata: { name }, spec });

const refusals: readonly [title: string, manifest: string, says: RegExp][] = [
  [
    'a URL that is not of Redis',
    manifest({ ...valid, redis: { mode: 'single', url: 'http://cache:6379' } }),
    /spec\.redis.*redis:\/\//s,
  ],
  [
    'a password in the URL',
    manifest({ ...valid, redis: { mode: 'single', url: 'redis://user:secret@cache:6379' } }),
    /spec\.redis/,
  ],
  [
    'certificates for a connection without TLS',
    manifest({ ...valid, redis: { ...valid.redis, tls: { caSecretRef: { name: 'ca' } } } }),
    /must use rediss:\/\/ addresses/,
  ],
  ['too many replicas', manifest({ ...valid, replicas: 65 }), /spec\.replicas.*less than or equal to 64/s],
  [
    'fewer than no replicas',
    manifest({ ...valid, replicas: -1 }),
    /spec\.replicas.*greater than or equal to 0/s,
  ],
  [
    'an unknown field',
    manifest({ ...valid, replica: 2 }),
    /unknown field "spec\.replica"|\.spec\.replica: field not declared/,
  ],
  ['a cluster without its URLs', manifest({ ...valid, redis: { mode: 'cluster' } }), /clusterUrls/],
  [
    'an unknown mode',
    manifest({ ...valid, redis: { mode: 'sentinel', url: 'redis://cache:6379' } }),
    /supported values: "single", "cluster"/,
  ],
  ['no image', manifest({ redis: valid.redis }), /spec\.image.*[Rr]equired/s],
  ['a name too long for its pods', manifest(valid, 'n'.repeat(53)), /at most 52 characters/],
  [
    'a figure outside its bounds',
    manifest({ ...valid, config: { scheduler: { phase2: { streamMaxlen: 0 } } } }),
    /streamMaxlen/,
  ],
];

describe('the API refuses', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
  });

  for (const [title, input, says] of refusals) {
    for (const how of [[], ['--server-side']]) {
      it(`${title}, applied ${how.length === 0 ? 'client-side' : 'server-side'}`, async () => {
        const { code, stderr } = await here.kubectl.try(['apply', ...how, '-f', '-'], input);
        assert.notEqual(code, 0);
        assert.match(stderr, says);
      });
    }
  }

  it('nothing that is right', async () => {
    await here.kubectl(['apply', '--dry-run=server', '-f', '-'], manifest(valid, 'accepted'));
  });
});
