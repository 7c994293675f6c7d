import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import {
  json,
  refusal,
  startScriptedApi,
  statusBody,
  until,
  type Answer,
  type ScriptedApi,
} from '../../test/fakes/scripted-api.ts';
import type { KubeClient } from './client.ts';
import type { WatchEvent } from './kube.ts';
import { pods, type Pod } from './resources.ts';

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

const pod = (name: string, resourceVersion = '1'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion },
});

async function failing(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof AppError, String(error));
  return error;
}

describe('the API client, lists and watches', () => {
  let api: ScriptedApi;
  let client: KubeClient;
  const open: ScriptedApi['open'] = (...options) => (client = api.open(...options));

  beforeEach(async () => {
    api = await startScriptedApi();
  });
  afterEach(() => api.close());

  describe('lists', () => {
    const page = (names: string[], next?: string) => ({
      metadata: { resourceVersion: '50', ...(next ? { continue: next } : {}) },
      items: names.map((name) => ({ metadata: { name, namespace: 'ns' } })),
    });

    it('page by page, and gives every item its kind', async () => {
      api.answer = (response, one, count) => {
        const next = one.query.get('continue');
        json(next ? page(['c']) : page(['a', 'b'], 'to/k=n'))(response, one, count);
      };
      const { items, resourceVersion } = await open().list(pods, {
        namespace: 'ns',
        labelSelector: 'a=b,c',
        fieldSelector: 'spec.nodeName=n1',
      });
      assert.deepEqual(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`), ['Pod a', 'Pod b', 'Pod c']); // prettier-ignore
      assert.equal(resourceVersion, '50');
      assert.deepEqual(api.seen.map(({ query }) => Object.fromEntries(query)), [
        { labelSelector: 'a=b,c', fieldSelector: 'spec.nodeName=n1', limit: '100' },
        { labelSelector: 'a=b,c', fieldSelector: 'spec.nodeName=n1', limit: '100', continue: 'to/k=n' },
      ]); // prettier-ignore
    });

    it('from the first page again when its snapshot expires in the middle', async () => {
      api.answer = (response, one, count) => {
        if (count === 2) refusal(410, 'Expired')(response, one, count);
        else json(one.query.get('continue') ? page(['c']) : page(['a', 'b'], 'next'))(response, one, count);
      };
      const { items } = await open().list(pods, { namespace: undefined });
      assert.deepEqual(items.map(({ metadata }) => metadata.name), ['a', 'b', 'c']); // prettier-ignore
      assert.deepEqual(api.seen.map(({ query }) => query.has('continue')), [false, true, false, true]); // prettier-ignore
      assert.equal(api.seen[0]!.path, '/behind/proxy/api/v1/pods');
    });

    it('gives up when every snapshot expires', async () => {
      api.answer = (response, one, count) => {
        if (one.query.has('continue')) refusal(410, 'Expired')(response, one, count);
        else json(page(['a'], 'next'))(response, one, count);
      };
      assert.equal((await failing(open().list(pods, { namespace: undefined }))).facts['status'], 410);
      assert.equal(api.seen.length, 6);
    });

    it('an empty kind, also when the server writes null', async () => {
      api.answer = json({ metadata: { resourceVersion: '1' }, items: null });
      assert.deepEqual((await open().list(pods, { namespace: undefined })).items, []);
    });
  });

  describe('watches', () => {
    const watchAll = async (stop = new AbortController(), onEvent = () => {}) => {
      const events: WatchEvent<Pod>[] = [];
      const query = { namespace: undefined, resourceVersion: '10' };
      let error: unknown;
      try {
        for await (const event of client.watch(pods, query, stop.signal)) {
          events.push(event);
          onEvent();
        }
      } catch (caught) {
        error = caught;
      }
      return { events, error: error as AppError | undefined };
    };
    const stream =
      (...chunks: (string | Buffer)[]): Answer =>
      (response) => {
        response.writeHead(200);
        for (const chunk of chunks) response.write(chunk);
        response.end();
      };

    it('from a version, with bookmarks, for four to six minutes', async () => {
      api.answer = stream(
        line('ADDED', pod('a', '11')),
        line('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '20' } }),
        line('DELETED', pod('a', '21')),
      );
      open();
      const { events, error } = await watchAll();
      assert.equal(error, undefined);
      assert.deepEqual(events, [
        { type: 'ADDED', object: pod('a', '11') },
        { type: 'BOOKMARK', resourceVersion: '20' },
        { type: 'DELETED', object: pod('a', '21') },
      ]);
      const { timeoutSeconds, ...query } = Object.fromEntries(api.seen[0]!.query);
      assert.deepEqual(query, { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '10' });
      assert.ok(Number(timeoutSeconds) >= 240 && Number(timeoutSeconds) <= 360);
    });

    it('across chunks that cut lines and characters anywhere', async () => {
      const object = { ...pod('译'), metadata: { ...pod('译').metadata, labels: { a: '文字' } } };
      const bytes = Buffer.from(line('ADDED', object) + line('MODIFIED', object));
      api.answer = (response) => {
        response.writeHead(200);
        const send = (i: number) => {
          if (i >= bytes.length) response.end();
          else response.write(bytes.subarray(i, i + 7), () => setImmediate(send, i + 7));
        };
        send(0);
      };
      open();
      const { events, error } = await watchAll();
      assert.equal(error, undefined);
      assert.deepEqual(events, [
        { type: 'ADDED', object },
        { type: 'MODIFIED', object },
      ]);
    });

    for (const [what, bad] of [
      ['a line that is not JSON', 'this is not JSON\n'],
      ['a line that is no event', '{"type":"ADDED"}\n'],
      ['an object without metadata', '{"type":"ADDED","object":{}}\n'],
      ['a type that nobody knows', line('MOVED', pod('a'))],
      ['an end in the middle of a line', line('ADDED', pod('b')).slice(0, -9)],
    ] as const) {
      it(`fails on ${what}, after the events before it`, async () => {
        api.answer = stream(line('ADDED', pod('a')), bad);
        open();
        const { events, error } = await watchAll();
        assert.equal(events.length, 1);
        assert.equal(error?.code, 'unavailable');
      });
    }

    it('fails when the connection is reset in the middle', async () => {
      api.answer = (response) => {
        response.writeHead(200);
        response.write(line('ADDED', pod('a')), () => setTimeout(() => response.destroy(), 20));
      };
      open();
      const { events, error } = await watchAll();
      assert.equal(events.length, 1);
      assert.equal(error?.code, 'unavailable');
    });

    it('fails when the headers do not come within the time of any request: there may be nothing to tell, but that is told', async () => {
      api.answer = () => {};
      const time = new FakeClock();
      open({ clock: time, requestTimeoutMs: 15_000 });
      const watching = watchAll();
      await until(() => api.seen.length === 1);
      await time.advance(15_000);
      const { error } = await watching;
      assert.equal(error?.code, 'unavailable');
      assert.match(error.message, /silent for 15000 ms/);
    });

    it('fails when nothing comes for 90 seconds after an event, and not sooner', async () => {
      api.answer = (response) => {
        response.writeHead(200);
        response.write(line('ADDED', pod('a')));
      };
      const time = new FakeClock();
      open({ clock: time });
      let events = 0;
      const watching = watchAll(new AbortController(), () => events++);
      await until(() => events === 1);
      await time.advance(89_000);
      assert.equal(time.pending, 1, 'still waiting');
      await time.advance(1_000);
      assert.match((await watching).error?.message ?? '', /silent for 90000 ms/);
      assert.equal(time.pending, 0);
    });

    it('does not take a slow reader for a silent server', async () => {
      api.answer = stream(line('ADDED', pod('a')), line('ADDED', pod('b')));
      const time = new FakeClock();
      open({ clock: time });
      let read = 0;
      const query = { namespace: undefined, resourceVersion: '10' };
      for await (const event of client.watch(pods, query, new AbortController().signal)) {
        assert.equal(event.type, 'ADDED');
        read++;
        await time.advance(600_000);
      }
      assert.equal(read, 2);
    });

    it('says EXPIRED for an ERROR event of 410 and for an answer of 410', async () => {
      api.answer = stream(line('ADDED', pod('a')), line('ERROR', statusBody(410, 'Expired', 'too old')));
      open();
      assert.deepEqual((await watchAll()).events.at(-1), { type: 'EXPIRED' });
      api.answer = refusal(410, 'Expired');
      assert.deepEqual(await watchAll(), { events: [{ type: 'EXPIRED' }], error: undefined });
    });

    it('throws what any other ERROR event tells', async () => {
      api.answer = stream(line('ERROR', statusBody(500, 'InternalError', 'etcd is gone')));
      open();
      const { error } = await watchAll();
      assert.equal(error?.code, 'unavailable');
      assert.match(error.message, /etcd is gone/);
      api.answer = refusal(403, 'Forbidden');
      assert.equal((await watchAll()).error?.code, 'forbidden');
    });

    it('ends quietly when told to, closes its connection, and does not begin when told before', async () => {
      const closed = new Promise<void>((resolve) => {
        api.answer = (response) => {
          response.writeHead(200);
          response.write(line('ADDED', pod('a')));
          response.on('close', resolve);
        };
      });
      open();
      const stop = new AbortController();
      const query = { namespace: undefined, resourceVersion: '10' };
      for await (const event of client.watch(pods, query, stop.signal)) {
        assert.equal(event.type, 'ADDED');
        stop.abort();
      }
      await closed;
      assert.deepEqual(await watchAll(stop), { events: [], error: undefined });
      assert.equal(api.seen.length, 1);
    });

    it('closes its connection when the reader leaves the loop', async () => {
      const closed = new Promise<void>((resolve) => {
        api.answer = (response) => {
          response.writeHead(200);
          response.write(line('ADDED', pod('a')));
          response.on('close', resolve);
        };
      });
      const query = { namespace: undefined, resourceVersion: '10' };
      for await (const event of open().watch(pods, query, new AbortController().signal)) {
        assert.equal(event.type, 'ADDED');
        break;
      }
      await closed;
    });

    it('does not stand in the way of requests', async () => {
      api.answer = (response, one, count) => {
        if (!one.query.has('watch')) json(pod('p'))(response, one, count);
        else response.writeHead(200).flushHeaders();
      };
      open();
      const stop = new AbortController();
      const watches = Array.from({ length: 10 }, () => watchAll(stop));
      for (let i = 0; i < 50; i++) await client.get(pods, { namespace: 'ns', name: 'p' });
      stop.abort();
      await Promise.all(watches);
      assert.ok(api.connections <= 13, `${api.connections} connections`);
    });
  });
});
