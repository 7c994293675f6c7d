import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { Cluster, Redis } from 'ioredis';
import { systemClock } from '../../common/clock-system.ts';
import { connect, startRedis, startRedisCluster, type RedisServer } from '../support/redis.ts';
import { rewriteAddresses } from './cluster-addresses.ts';
import { seededRandom } from './random.ts';
import { startRespProxy, type RespProxy } from './resp-proxy.ts';
import { ArmedRespRule } from './resp-rules.ts';

const add = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
const scripts = new Map([[createHash('sha1').update(add).digest('hex'), 'add']]);
const common = { scripts, clock: systemClock, random: seededRandom(1) };

describe('the proxy before Redis', () => {
  let redis: RedisServer;
  let proxy: RespProxy;
  let direct: Redis;
  const clients: Redis[] = [];

  before(async () => {
    redis = await startRedis();
    direct = connect(redis.port);
    proxy = await startRespProxy({ target: { host: '127.0.0.1', port: redis.port }, ...common });
  });
  afterEach(async () => {
    proxy.clearRules();
    Object.assign(proxy.toInstance, {
      latencyMs: 0,
      jitterMs: 0,
      bytesPerSecond: 0,
      blackhole: false,
      slice: false,
    });
    for (const client of clients.splice(0)) client.disconnect();
    await direct.flushall();
  });
  after(async () => {
    direct.disconnect();
    await proxy.close();
    await redis.stop();
  });

  /** One that does not come back or repeat by itself, so that a test sees what happened to its commands. */
  async function client(
    options: { protocol?: 2 | 3; timeoutMs?: number; at?: RespProxy } = {},
  ): Promise<Redis> {
    const { port } = options.at ?? proxy;
    const made = new Redis(port, '127.0.0.1', {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      protocol: options.protocol ?? 2,
      ...(options.timeoutMs === undefined ? {} : { commandTimeout: options.timeoutMs }),
    });
    made.on('error', () => undefined);
    clients.push(made);
    await made.connect();
    return made;
  }

  for (const protocol of [2, 3] as const) {
    test(`gives every reply to its command, many under way, protocol ${protocol}`, async () => {
      const one = await client({ protocol });
      const replies = await Promise.all(Array.from({ length: 500 }, (_, i) => one.echo(`word ${i}`)));
      assert.deepEqual(
        replies,
        Array.from({ length: 500 }, (_, i) => `word ${i}`),
      );
      assert.equal(await one.set('big', 'x'.repeat(3_000_000)), 'OK');
      assert.equal((await one.get('big'))?.length, 3_000_000);
    });
  }

  test('answers a blocked read when there is something to read', async () => {
    const reader = await client();
    const read = reader.blpop('list', 5);
    await direct.rpush('list', 'x');
    assert.deepEqual(await read, ['list', 'x']);
  });

  test('passes subscriptions on', async () => {
    const subscriber = await client();
    const heard = new Promise((resolve) =>
      subscriber.on('message', (_, text) => {
        resolve(text);
      }),
    );
    await subscriber.subscribe('news');
    await direct.publish('news', 'hello');
    assert.equal(await heard, 'hello');
  });

  test('reset before: the command never reaches Redis', async () => {
    const one = await client();
    const rule = proxy.inject({ match: { command: 'INCR' }, when: 'before', action: { do: 'reset' } });
    await assert.rejects(one.incr('n'));
    assert.equal(await direct.get('n'), null);
    assert.equal(rule.fired, 1);
  });

  test('reset when executed: Redis has done it and the caller does not know', async () => {
    const one = await client();
    proxy.inject({ match: { command: 'INCR' }, when: 'executed', action: { do: 'reset' } });
    await assert.rejects(one.incr('n'));
    assert.equal(await direct.get('n'), '1');
  });

  test('reset when replied: the caller has its answer and then loses the connection', async () => {
    const one = await client();
    proxy.inject({ match: { command: 'INCR' }, when: 'replied', action: { do: 'reset' } });
    const closed = new Promise((resolve) => one.once('close', resolve));
    assert.equal(await one.incr('n'), 1);
    await closed;
  });

  test('strikes at the occurrence asked for, in the middle of a pipeline', async () => {
    const one = await client();
    const rule = proxy.inject({
      match: { command: 'INCR' },
      when: 'executed',
      action: { do: 'reset' },
      occurrence: 3,
    });
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => one.incr('n')));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
    );
    assert.equal(rule.fired, 1);
  });

  test('an error in the place of an answer comes in its turn and the others are right', async () => {
    const one = await client();
    proxy.inject({
      match: { command: 'ECHO' },
      when: 'before',
      action: { do: 'error', text: 'LOADING wait' },
      occurrence: 2,
    });
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((word) => one.echo(word)));
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason))),
      ['a', 'ReplyError: LOADING wait', 'c'],
    );
  });

  test('an error when executed hides what was done, and one when replied meets the next command', async () => {
    const one = await client();
    proxy.inject({ match: { command: 'INCR' }, when: 'executed', action: { do: 'error', text: 'OOM no' } });
    await assert.rejects(one.incr('n'), /OOM no/);
    assert.equal(await direct.get('n'), '1');
    proxy.inject({
      match: { command: 'GET' },
      when: 'replied',
      action: { do: 'error', text: 'READONLY no' },
    });
    assert.equal(await one.get('n'), '1');
    await assert.rejects(one.incr('n'), /READONLY no/);
    assert.equal(await direct.get('n'), '1');
  });

  test('a doubled command is executed twice and answered once', async () => {
    const one = await client();
    proxy.inject({ match: { command: 'INCR' }, when: 'before', action: { do: 'duplicate' } });
    assert.deepEqual(await Promise.all([one.incr('n'), one.echo('next')]), [1, 'next']);
    assert.equal(await direct.get('n'), '2');
  });

  test('after a silence the connection is open and nothing is heard', async () => {
    const one = await client({ timeoutMs: 1500 });
    proxy.inject({ match: { command: 'INCR' }, when: 'executed', action: { do: 'silence' } });
    await assert.rejects(one.incr('n'), /timed out/);
    assert.equal(await direct.get('n'), '1');
    assert.equal(one.status, 'ready');
  });

  test('a delay keeps the order of what comes behind it', async () => {
    const one = await client();
    proxy.inject({ match: { command: 'ECHO' }, when: 'before', action: { do: 'delay', ms: 80 } });
    const started = performance.now();
    const order: string[] = [];
    await Promise.all(['a', 'b'].map((word) => one.echo(word).then((said) => order.push(said))));
    assert.deepEqual(order, ['a', 'b']);
    assert.ok(performance.now() - started >= 75);
  });

  test('a hook holds the command, and decides whether it goes on', async () => {
    const one = await client();
    let seen: string | null = 'not run';
    proxy.inject({
      match: { command: 'INCR' },
      when: 'before',
      action: {
        do: 'hook',
        run: async () => {
          seen = await direct.get('n');
          return 'go on';
        },
      },
    });
    assert.equal(await one.incr('n'), 1);
    assert.equal(seen, null);
    proxy.inject({
      match: { command: 'INCR' },
      when: 'before',
      action: { do: 'hook', run: () => Promise.resolve('cut') },
    });
    await assert.rejects(one.incr('n'));
    assert.equal(await direct.get('n'), '1');
  });

  test('a script is known by its name; the try that Redis did not know it does not count as executed', async () => {
    const one = await client();
    await direct.script('FLUSH');
    const rule = proxy.inject({
      match: { command: 'script:add', key: /^n$/ },
      when: 'executed',
      action: { do: 'reset' },
    });
    await assert.rejects(one.evalsha(createHash('sha1').update(add).digest('hex'), 1, 'n', 5), /NOSCRIPT/);
    assert.equal(rule.fired, 0);
    await assert.rejects(one.eval(add, 1, 'n', 5));
    assert.equal(rule.fired, 1);
    assert.equal(await direct.get('n'), '5');
  });

  test('a rule for answers that bring something lets empty ones pass', async () => {
    const one = await client();
    const rule = proxy.inject({
      match: { command: 'GET', notEmpty: true },
      when: 'executed',
      action: { do: 'reset' },
    });
    assert.equal(await one.get('n'), null);
    assert.equal(rule.fired, 0);
    await direct.set('n', 1);
    await assert.rejects(one.get('n'));
    assert.equal(rule.fired, 1);
  });

  test('latency, a narrow line and single bytes change the time and nothing else', async () => {
    const one = await client();
    proxy.toInstance.latencyMs = 60;
    const started = performance.now();
    assert.equal(await one.echo('slow'), 'slow');
    assert.ok(performance.now() - started >= 55);
    Object.assign(proxy.toInstance, { latencyMs: 0, bytesPerSecond: 20_000 });
    await direct.set('big', 'y'.repeat(5000));
    assert.equal((await one.get('big'))?.length, 5000);
    assert.ok(performance.now() - started >= 200);
    Object.assign(proxy.toInstance, { bytesPerSecond: 0, slice: true });
    assert.equal((await one.get('big'))?.length, 5000);
  });

  test('one rule at two proxies is counted, and fires, once', async () => {
    const second = await startRespProxy({ target: { host: '127.0.0.1', port: redis.port }, ...common });
    try {
      const action = { do: 'error', text: 'LOADING wait' } as const;
      const rule = new ArmedRespRule({ match: { command: 'ECHO' }, when: 'before', action, occurrence: 2 });
      for (const each of [proxy, second]) each.inject(rule);
      const [one, other] = [await client(), await client({ at: second })];
      assert.equal(await one.echo('a'), 'a');
      await assert.rejects(other.echo('b'), /LOADING wait/);
      assert.equal(await one.echo('c'), 'c');
      assert.equal(await one.echo('d'), 'd');
      assert.equal(rule.fired, 1);
    } finally {
      await second.close();
    }
  });

  test('refuses connections, and takes them again', async () => {
    proxy.refuse(true);
    await assert.rejects(client());
    proxy.refuse(false);
    assert.equal(await (await client()).ping(), 'PONG');
  });
});

describe('proxies before a Redis cluster', () => {
  test('keep a client that learns the slots on them, redirections included', async () => {
    const cluster = await startRedisCluster();
    const seen = new Map<number, number>();
    const ports = new Map<number, number>();
    const proxies = await Promise.all(
      cluster.ports.map((port) =>
        startRespProxy({
          target: { host: '127.0.0.1', port },
          ...common,
          rewrite: (command, reply) => rewriteAddresses(ports)(command, reply),
          onCommand: ({ name }) => {
            if (name === 'SET') seen.set(port, (seen.get(port) ?? 0) + 1);
          },
        }),
      ),
    );
    cluster.ports.forEach((port, i) => ports.set(port, proxies[i]?.port ?? 0));
    const client = new Cluster([{ host: '127.0.0.1', port: proxies[0]?.port ?? 0 }], {
      redisOptions: { protocol: 2 },
    });
    try {
      await Promise.all(Array.from({ length: 60 }, (_, i) => client.set(`key ${i}`, i)));
      assert.equal(seen.size, 3, 'all masters were reached through their proxies');
      const known = client.nodes('master').map(({ options }) => options.port);
      assert.deepEqual(known.toSorted(), proxies.map(({ port }) => port).toSorted());
      assert.equal(
        [...seen.values()].reduce((sum, count) => sum + count, 0),
        60,
      );
    } finally {
      client.disconnect();
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await cluster.stop();
    }
  });
});
