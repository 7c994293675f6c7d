/** People with Kubernetes' own roles in one namespace: an editor runs fleets there, a viewer looks at them, and nobody reaches further. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { clusterManifest } from '../support/pocket.ts';
import { place, type Place } from './place.ts';

const { lacks } = await target();

const namespace = 'team';
const name = 'theirs';

describe('a namespace of a team', { skip: lacks.programs }, () => {
  let here: Place;
  const as = (user: string, args: readonly string[], input?: string) =>
    here.kubectl.try(['--as', user, '-n', namespace, ...args], input);
  const may = async (user: string, ...what: readonly string[]): Promise<string> =>
    (await as(user, ['auth', 'can-i', ...what])).stdout.trim();

  before(async () => {
    here = await place();
    await here.kubectl(['create', 'namespace', namespace]);
    for (const role of ['view', 'edit', 'admin']) {
      const binding = ['create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}er`];
      await here.kubectl(['-n', namespace, ...binding]);
    }
    // Gathered by a controller, a moment after the roles are there.
    const rights = ['get', 'create', 'create'] as const;
    for (const [index, user] of ['viewer', 'editer', 'adminer'].entries()) {
      const isAllowed = async () =>
        (await may(user, rights[index]!, 'schedulerclusters.lingua.dev')) === 'yes';
      await eventually(`the ${user} may ${rights[index]!}`, isAllowed, 120_000);
    }
  });

  it('has an editor who makes a fleet, sees it become Ready, and scales it', async () => {
    const input = clusterManifest({ name, namespace, redisUrl: here.redis.url, keyPrefix: 'team' });
    const applied = await as('editer', ['apply', '-f', '-'], input);
    assert.equal(applied.code, 0, applied.stderr);
    const ready = ['wait', `lsc/${name}`, '--for=condition=Ready', '--timeout=180s'];
    assert.equal((await as('editer', ready)).code, 0);
    const scaled = await as('editer', ['scale', 'lsc', name, '--replicas=1']);
    assert.equal(scaled.code, 0, scaled.stderr);
  });

  it('has a viewer who sees the fleet with its events, and changes nothing', async () => {
    const described = await as('viewer', ['describe', 'lsc', name]);
    assert.equal(described.code, 0, described.stderr);
    assert.match(described.stdout, /Ready/);
    for (const change of [
      ['scale', 'lsc', name, '--replicas=3'],
      ['annotate', 'lsc', name, 'lingua.dev/paused=true'],
      ['delete', 'lsc', name],
    ]) {
      const { code, stderr } = await as('viewer', change);
      assert.equal(code, 1);
      assert.match(stderr, /is forbidden: User "viewer" cannot/);
    }
  });

  it('has an administrator who may what the editor may', async () => {
    for (const verb of ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete', 'deletecollection'])
      assert.equal(await may('adminer', verb, 'schedulerclusters.lingua.dev'), 'yes', verb);
  });

  it('has nobody who writes a status, or reaches another namespace', async () => {
    for (const user of ['viewer', 'editer', 'adminer']) {
      const status = ['patch', 'schedulerclusters.lingua.dev', '--subresource=status'];
      assert.equal(await may(user, ...status), 'no', user);
      assert.equal(await may(user, 'get', 'schedulerclusters.lingua.dev', '-n', 'default'), 'no', user);
    }
  });

  it('is empty again when the editor deletes the fleet', async () => {
    const deleted = await as('editer', ['delete', 'lsc', name, '--timeout=180s']);
    assert.equal(deleted.code, 0, deleted.stderr);
    await here.kubectl(['delete', 'namespace', namespace, '--timeout=180s']);
  });
});
