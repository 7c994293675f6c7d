import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { configMaps, type ConfigMap } from '../kube/resources.ts';
import { OwnWrites } from './own-writes.ts';

const name = { namespace: 'default', name: 'demo' };
const object = (resourceVersion: string, uid = 'a'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    ...name,
    uid,
    resourceVersion,
    ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: 'owner' }],
  },
});

it('what was written is newer than what the cache shows, until the cache has caught up', () => {
  const writes = new OwnWrites(new FakeClock());
  const [old, written, later] = [object('9'), object('10'), object('11')];
  writes.wrote(configMaps, written);
  assert.deepEqual(writes.freshest(configMaps, name, undefined), written);
  assert.deepEqual(writes.freshest(configMaps, name, old), written);
  assert.equal(writes.freshest(configMaps, name, later), later);
  assert.equal(writes.freshest(configMaps, name, old), old, 'caught up once is caught up for good');
});

it('who wrote which field is not remembered', () => {
  const writes = new OwnWrites(new FakeClock());
  const written = object('10');
  const answered = { ...written.metadata, managedFields: [{}] };
  writes.wrote(configMaps, { ...written, metadata: answered });
  assert.deepEqual(writes.freshest(configMaps, name, undefined), written);
});

it('what was deleted is gone, until another object has the name', () => {
  const writes = new OwnWrites(new FakeClock());
  const [old, another] = [object('9'), object('12', 'b')];
  writes.deleted(configMaps, old);
  assert.equal(writes.freshest(configMaps, name, old), undefined);
  assert.equal(writes.freshest(configMaps, name, another), another);
});

it('a watch that tells of the deletion ends the memory of the write', () => {
  const writes = new OwnWrites(new FakeClock());
  writes.wrote(configMaps, object('10'));
  writes.seenGone(configMaps, object('8', 'an earlier one'));
  assert.ok(writes.freshest(configMaps, name, undefined));
  writes.seenGone(configMaps, object('11'));
  assert.equal(writes.freshest(configMaps, name, undefined), undefined);
});

it('a cache that never shows the write is believed in the end', async () => {
  const clock = new FakeClock();
  const writes = new OwnWrites(clock);
  writes.wrote(configMaps, object('10'));
  await clock.advance(31_000);
  assert.equal(writes.freshest(configMaps, name, undefined), undefined);
});

it('versions are compared as numbers, however long', () => {
  const writes = new OwnWrites(new FakeClock());
  writes.wrote(configMaps, object('99999999999999999999'));
  const newer = object('100000000000000000000');
  assert.equal(writes.freshest(configMaps, name, newer), newer);
});

it('the objects of an owner are those of the cache and those just written, each once', () => {
  const writes = new OwnWrites(new FakeClock());
  const cached = object('9');
  const fresh = { ...object('10'), metadata: { ...object('10').metadata, name: 'new' } };
  writes.wrote(configMaps, fresh);
  writes.wrote(configMaps, object('12'));
  const found = writes.freshestOwned(configMaps, 'owner', [cached]);
  assert.deepEqual(
    found.map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
    [
      ['demo', '12'],
      ['new', '10'],
    ],
  );
  assert.deepEqual(writes.freshestOwned(configMaps, 'somebody else', []), []);
});
