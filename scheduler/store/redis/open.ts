/**
 * The shared truth in Redis, single or cluster. How it is laid out:
 *
 *   keys.ts        every key name
 *   scripts/       every transition, one Lua script each
 *   sessions.ts, jobs.ts, nodes.ts, instances.ts, inbox.ts   the verbs: keys and arguments in, reply out
 *   connection.ts  waiting, failing, coming back
 *   logins.ts      credentials that change
 */
import type { Store } from '../store.ts';
import { defaultCommandTimeoutMs } from './client.ts';
import { createCommits } from './commits.ts';
import { RedisConnection } from './connection.ts';
import { examineRedis } from './examine.ts';
import { createRedisInbox } from './inbox.ts';
import { createRedisInstances } from './instances.ts';
import { createRedisJobs } from './jobs.ts';
import { createKeys } from './keys.ts';
import { createRedisNodes } from './nodes.ts';
import type { RedisStoreOptions } from './options.ts';
import { followLogins } from './logins.ts';
import { ReplicatedCommits } from './replication.ts';
import type { RunCalls } from './script-group.ts';
import { createRedisSessions } from './sessions.ts';

/**
 * Returns at once and connects in the background; until then the verbs wait as long as `commandTimeoutMs`, and fail
 * `unavailable`. Throws `config` for a URL or key prefix that cannot be used.
 */
export function openRedisStore(options: RedisStoreOptions): Store {
  const { clock, random, log } = options;
  const keys = createKeys(options.keyPrefix);
  const grouped = options.mode === 'single';
  // Never one connection for two of these: a blocking read, or a commit that waits for replicas, holds up the rest.
  const commands = new RedisConnection(options, 'commands');
  const commits = new RedisConnection(options, 'commits');
  const blocking = new RedisConnection(options, 'inbox', options.blockMs);

  const renewers = new Set<() => void>();
  const renewAll = () => {
    for (const listener of renewers) listener();
  };
  commands.onReconnect(renewAll);
  const logins = followLogins(options, [commands, commits, blocking]);

  return {
    sessions: createRedisSessions(keys, commands, grouped),
    jobs: createRedisJobs({
      keys,
      commands,
      commits: createCommits({
        ...{ keys, grouped, maxLength: options.maxLength, run: runCommits(options, commits) },
        // In a cluster an inbox is in another slot; and an answer must stand on a replica before its owner hears of it.
        tells: grouped && options.durability !== 'replicated',
      }),
      grouped,
      random,
      log,
    }),
    nodes: createRedisNodes({ keys, commands, alias: options.mode === 'single' }),
    instances: createRedisInstances(keys, commands),
    inbox: createRedisInbox({ ...options, keys, commands, blocking, log, onDataLoss: renewAll }),

    onReconnect(listener) {
      renewers.add(listener);
    },

    logins,

    examine: () => examineRedis(commands, options.mode, clock),

    async ping() {
      const start = clock.monotonic();
      // In a cluster a ping goes to any node, so ask for a key of ours instead.
      await commands.command('EXISTS', [keys.instances]);
      return clock.monotonic() - start;
    },

    close() {
      for (const connection of [blocking, commits, commands]) connection.close();
      return Promise.resolve();
    },
  };
}

const defaultReplicaTimeoutMs = 1000;

/** A WAIT must end well before its connection is taken for dead. */
function runCommits(options: RedisStoreOptions, commits: RedisConnection): RunCalls {
  if (options.durability !== 'replicated') return (script, calls) => commits.runTogether(script, calls);
  const { replicaTimeoutMs = defaultReplicaTimeoutMs, commandTimeoutMs = defaultCommandTimeoutMs } = options;
  return new ReplicatedCommits(commits, Math.min(replicaTimeoutMs, commandTimeoutMs / 2)).run;
}
