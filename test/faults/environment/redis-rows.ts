/** Redis is killed, emptied, full, slow or tidied up by hand. */
import { createKeys } from '../../../scheduler/store/redis/keys.ts';
import { scaled } from '../fleet/settings.ts';
import type { Life } from '../fleet/life.ts';
import { comesTrue } from '../wait.ts';
import { readyAgain } from './ready-again.ts';
import { faultsOf, type Row } from './row.ts';

const sleep = (life: Life, ms: number) => life.fleet.clock.sleep(ms);

/** Does something to each inbox, again and again while sessions speak. */
async function atEachInbox(life: Life, act: (inbox: string) => Promise<unknown>): Promise<string[]> {
  const keys = createKeys(life.fleet.keyPrefix);
  for (let round = 0; round < 8; round++) {
    life.fleet.noteFault('inboxes tampered with');
    for (const { id } of life.fleet.instances) await act(keys.inbox(id));
    await sleep(life, 200);
  }
  return readyAgain(life);
}

export const redisRows: readonly Row[] = [
  {
    id: '3',
    name: 'Redis is killed and comes back with its data',
    redis: 'single',
    fleet: { aof: true },
    async strike(life) {
      life.fleet.noteFault('Redis SIGKILL');
      await life.fleet.server.kill();
      // Long enough for everybody to have noticed.
      await sleep(life, 3000);
      const alive = await Promise.all(life.fleet.instances.map((one) => one.status('/livez')));
      await life.fleet.server.restart({ keepData: true });
      return [
        ...faultsOf([
          alive.every((status) => status === 200),
          `liveness fell with Redis: ${alive.join(' ')}`,
        ]),
        ...(await readyAgain(life)),
      ];
    },
  },
  {
    id: '3b',
    name: 'Redis is killed, and the end of its log is lost: it comes back with less than it had confirmed',
    redis: 'single',
    fleet: { aof: true },
    limits: { forgets: true },
    async strike(life) {
      const { server, random } = life.fleet;
      await sleep(life, 500);
      life.fleet.noteFault('Redis SIGKILL, end of its log lost');
      await server.kill();
      // From a piece of one command to what many jobs wrote.
      server.cutLog(random.between(1, 60_000));
      await server.restart({ keepData: true });
      return readyAgain(life);
    },
  },
  {
    id: '4',
    name: 'Redis comes back empty',
    redis: 'single',
    limits: { forgets: true },
    async strike(life) {
      await sleep(life, 300);
      life.fleet.noteFault('Redis restarted empty');
      await life.fleet.server.restart({ keepData: false });
      return readyAgain(life);
    },
  },
  {
    id: '6',
    name: 'Redis is frozen for longer than a command may take, then thawed',
    redis: 'single',
    async strike(life) {
      life.fleet.noteFault('Redis SIGSTOP');
      life.fleet.server.pause();
      await sleep(life, scaled.commandTimeoutMs + 1000);
      life.fleet.server.resume();
      return readyAgain(life);
    },
  },
  {
    id: '9',
    name: 'Redis is full and evicts nothing',
    redis: 'single',
    async strike(life) {
      const { direct } = life.fleet;
      const leases = async () =>
        (await Promise.all(life.fleet.instances.map((one) => one.report()))).map(
          (report) => report?.lease.held ?? false,
        );
      life.fleet.noteFault('maxmemory 1');
      await direct.call('CONFIG', 'SET', 'maxmemory', '1');
      await sleep(life, 2 * scaled.ownerTtlMs);
      const held = await leases();
      await direct.call('CONFIG', 'SET', 'maxmemory', '0');
      return [
        ...faultsOf([held.every(Boolean), `leases were lost in a full Redis: ${held.join(' ')}`]),
        ...(await readyAgain(life)),
      ];
    },
  },
  {
    id: '10',
    name: 'the disk of Redis is full: nothing can be appended to its log',
    redis: 'single',
    // Every second, as shipped: with `always` Redis ends itself, which is row 3.
    fleet: { aof: true, redisArgs: ['--appendfsync', 'everysec'] },
    async strike(life) {
      const { server, direct, instances } = life.fleet;
      life.fleet.noteFault('disk full');
      server.fillDisk(true);
      const refuses = async () => /MISCONF/.test(await direct.set('probe', '').catch(String));
      const refused = await comesTrue(refuses, { clock: life.fleet.clock, withinMs: 5000, everyMs: 100 });
      await sleep(life, 2000);
      const alive = await Promise.all(instances.map((one) => one.status('/livez')));
      server.fillDisk(false);
      return [
        ...faultsOf(
          [refused, 'Redis took writes all the time'],
          [alive.every((status) => status === 200), `liveness fell with the disk: ${alive.join(' ')}`],
        ),
        ...(await readyAgain(life)),
      ];
    },
  },
  {
    id: '11a',
    name: 'every answer of Redis is half a second late, with jitter',
    async strike(life) {
      const lanes = life.fleet.instances.flatMap(({ redis }) => redis.map(({ toInstance }) => toInstance));
      life.fleet.noteFault('latency');
      for (const lane of lanes) Object.assign(lane, { latencyMs: 200, jitterMs: 300 });
      await sleep(life, 3000);
      for (const lane of lanes) Object.assign(lane, { latencyMs: 0, jitterMs: 0 });
      return readyAgain(life);
    },
  },
  {
    id: '11b',
    name: 'the line to Redis carries 30 kB a second',
    async strike(life) {
      const lanes = life.fleet.at(1).redis.map(({ toInstance }) => toInstance);
      life.fleet.noteFault('bandwidth');
      for (const lane of lanes) lane.bytesPerSecond = 30_000;
      await sleep(life, 3000);
      for (const lane of lanes) lane.bytesPerSecond = 0;
      return readyAgain(life);
    },
  },
  {
    id: '12a',
    name: 'all clients of Redis are disconnected, five times',
    redis: 'single',
    async strike(life) {
      for (let round = 0; round < 5; round++) {
        life.fleet.noteFault('CLIENT KILL');
        await life.fleet.direct.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await sleep(life, 300);
      }
      return readyAgain(life);
    },
  },
  {
    id: '12b',
    name: 'Redis takes no commands for a second',
    redis: 'single',
    async strike(life) {
      life.fleet.noteFault('CLIENT PAUSE');
      await life.fleet.direct.call('CLIENT', 'PAUSE', '1000', 'ALL');
      await sleep(life, 1500);
      return readyAgain(life);
    },
  },
  {
    id: '12c',
    name: 'scripts are forgotten again and again',
    failsNone: true,
    redis: 'single',
    async strike(life) {
      for (let round = 0; round < 20; round++) {
        await life.fleet.direct.script('FLUSH');
        await sleep(life, 60);
      }
      return readyAgain(life);
    },
  },
  {
    id: '14a',
    name: 'inboxes are deleted by hand',
    strike: (life) => atEachInbox(life, (inbox) => life.fleet.direct.del(inbox)),
  },
  {
    id: '14b',
    name: 'consumer groups are destroyed by hand',
    strike: (life) =>
      atEachInbox(life, (inbox) => life.fleet.direct.call('XGROUP', 'DESTROY', inbox, 'scheduler')),
  },
  {
    id: '14c',
    name: 'inboxes are trimmed to nothing by hand',
    strike: (life) => atEachInbox(life, (inbox) => life.fleet.direct.call('XTRIM', inbox, 'MAXLEN', '0')),
  },
  {
    id: '14d',
    name: 'consumers are deleted by hand, and what they had not acknowledged with them',
    async strike(life) {
      const consumers = life.fleet.instances.map(({ id }) => id);
      return atEachInbox(life, async (inbox) => {
        for (const consumer of consumers)
          await life.fleet.direct.call('XGROUP', 'DELCONSUMER', inbox, 'scheduler', consumer).catch(() => 0);
      });
    },
  },
  {
    id: '20',
    name: 'inbox entries that nobody can read',
    injected: { 'fault-0': 4, 'fault-1': 4 },
    async strike(life) {
      const keys = createKeys(life.fleet.keyPrefix);
      const junk: readonly (readonly string[])[] = [
        ['payload', 'not json'],
        ['payload', '{"type":"assign"}'],
        ['other', 'field'],
        ['payload', `[${'['.repeat(20_000)}`],
      ];
      for (const id of ['fault-0', 'fault-1']) {
        for (const fields of junk) await life.fleet.direct.call('XADD', keys.inbox(id), '*', ...fields);
      }
      await sleep(life, 500);
      return readyAgain(life);
    },
  },
  {
    id: '33',
    name: 'every script is executed twice',
    async strike(life) {
      const scripts = [
        'accept',
        'dispatch',
        'requeue',
        'finish',
        'xadd',
        'session_open',
        'session_renew',
        'lease_renew',
      ];
      const armed = life.fleet.instances.flatMap(({ redis }) =>
        redis.flatMap((proxy) =>
          scripts.map((name) =>
            proxy.inject({
              match: { command: `script:${name}` },
              when: 'before',
              action: { do: 'duplicate' },
              times: 1000,
            }),
          ),
        ),
      );
      await sleep(life, 2000);
      const doubled = armed.reduce((sum, { fired }) => sum + fired, 0);
      for (const { redis } of life.fleet.instances) for (const proxy of redis) proxy.clearRules();
      return faultsOf([doubled >= 20, `only ${doubled} commands were doubled`]);
    },
  },
];
