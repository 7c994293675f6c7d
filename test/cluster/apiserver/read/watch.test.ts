import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { at, stringAt } from '../../../../operator/schema/json.ts';
import { configMap, core, made, nameOf, openServer, version } from '../test-client.ts';

describe('watches', () => {
  it('begin with what is there, then tell what happens', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, configMap('a'));
    const watch = await api.watch(`${core}/configmaps?watch=true`);
    assert.equal(nameOf(await watch.next()), 'a');
    await made(api, `${core}/configmaps`, configMap('b'));
    await api.call('DELETE', `${core}/configmaps/a`);
    const [added, deleted] = [await watch.next(), await watch.next()];
    assert.deepEqual(
      [added?.type, nameOf(added), deleted?.type, nameOf(deleted)],
      ['ADDED', 'b', 'DELETED', 'a'],
    );
  });

  it('resume after a resourceVersion without losing or repeating anything', async (t) => {
    const api = await openServer(t);
    const a = await made(api, `${core}/configmaps`, configMap('a'));
    for (const name of ['b', 'c']) await made(api, `${core}/configmaps`, configMap(name));
    const watch = await api.watch(`${core}/configmaps?watch=true&resourceVersion=${version(a)}`);
    assert.deepEqual([nameOf(await watch.next()), nameOf(await watch.next())], ['b', 'c']);
  });

  it('say 410 and end when the resourceVersion is forgotten', async (t) => {
    const api = await openServer(t, { historyMax: 4 });
    const a = await made(api, `${core}/configmaps`, configMap('a'));
    for (let i = 0; i < 10; i++) await made(api, `${core}/configmaps`, configMap(`x${i}`));
    const watch = await api.watch(`${core}/configmaps?watch=true&resourceVersion=${version(a)}`);
    const event = await watch.next();
    assert.deepEqual(
      [event?.type, at(event?.object, 'code'), at(event?.object, 'reason')],
      ['ERROR', 410, 'Expired'],
    );
    assert.equal(await watch.next(), undefined);
  });

  it('refuse a resourceVersion that is still to come', async (t) => {
    const api = await openServer(t);
    const { status, body } = await api.call('GET', `${core}/configmaps?watch=true&resourceVersion=99999`);
    assert.deepEqual(
      [status, at(body, 'reason'), at(body, 'details', 'causes', '0')],
      [504, 'Timeout', undefined],
    );
  });

  it('add what comes into the selection and delete what leaves it', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, configMap('a', { labels: { on: 'no' } }));
    const watch = await api.watch(`${core}/configmaps?watch=true&labelSelector=on%3Dyes`);
    const label = (on: string) =>
      api.call(
        'PATCH',
        `${core}/configmaps/a`,
        { metadata: { labels: { on } } },
        { type: 'application/merge-patch+json' },
      );
    await label('yes');
    const changed = await label('no');
    const [added, deleted] = [await watch.next(), await watch.next()];
    assert.deepEqual([added?.type, deleted?.type], ['ADDED', 'DELETED']);
    assert.equal(stringAt(deleted?.object, 'metadata', 'labels', 'on'), 'yes', 'as the watcher knew it');
    assert.equal(version(deleted?.object ?? {}), version(changed.body), 'at the revision at which it left');
  });

  it('mark the end of the initial events when asked for them', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, configMap('a'));
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await api.watch(`${core}/configmaps?${query}`);
    assert.equal((await watch.next())?.type, 'ADDED');
    const mark = await watch.next();
    assert.equal(mark?.type, 'BOOKMARK');
    assert.deepEqual(at(mark.object, 'metadata', 'annotations'), { 'k8s.io/initial-events-end': 'true' });
  });

  it('send bookmarks with the newest revision while nothing happens, and end in time', async (t) => {
    const api = await openServer(t);
    const watch = await api.watch(`${core}/secrets?watch=true&allowWatchBookmarks=true&timeoutSeconds=45`);
    const a = await made(api, `${core}/configmaps`, configMap('a'));
    await api.clock.advance(31_000);
    const mark = await watch.next();
    assert.deepEqual([mark?.type, version(mark?.object ?? {})], ['BOOKMARK', version(a)]);
    await api.clock.advance(15_000);
    assert.equal(await watch.next(), undefined);
    assert.equal(api.clock.pending, 0, 'no timer outlives its watch');
  });

  it('end when the server stops', async (t) => {
    const api = await openServer(t);
    const watch = await api.watch('/api/v1/pods?watch=true');
    await api.server.stop();
    assert.equal(await watch.next().catch(() => undefined), undefined);
  });
});
