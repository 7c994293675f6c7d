/** Every manifest that the documentation tells people to apply is one that the API accepts, field by field. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { root } from '../support/images.ts';
import { place, type Place } from './place.ts';

const { lacks } = await target();

const samples = path.join(root, 'manifests/samples');

describe('the manifests', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
  });

  for (const file of readdirSync(samples)) {
    it(`samples/${file} becomes a fleet`, async () => {
      const applied = await here.kubectl([
        'apply',
        '--validate=strict',
        '-f',
        path.join(samples, file),
        '-o',
        'name',
      ]);
      const name = applied.trim().split('/').at(-1) ?? '';
      // It names a Redis that is not here: the fleet says so instead of failing in silence.
      await here.kubectl(['wait', `lsc/${name}`, '--for=condition=RedisReachable=false', '--timeout=90s']);
      const conditions = '{.status.conditions[?(@.type=="RedisReachable")].message}';
      assert.match(await here.kubectl(['get', 'lsc', name, '-o', `jsonpath=${conditions}`]), /Redis/);
      await here.kubectl(['delete', 'lsc', name, '--timeout=60s']);
      await here.gone(name);
    });
  }

  for (const folder of ['install', 'install-namespaced']) {
    it(`${folder} is accepted whole`, async () => {
      const whole = [
        'apply',
        '--server-side',
        '--force-conflicts',
        '--dry-run=server',
        '--validate=strict',
        '-k',
      ];
      const said = await here.kubectl([...whole, path.join(root, 'manifests', folder)]);
      assert.match(said, /deployment\.apps\/lingua-operator serverside-applied \(server dry run\)/);
    });
  }
});
