/** A few schedulers around one Redis, for the tests of a file or of one story, and the clients that connect to them. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.ts';
import { NodeClient, type NodeOptions } from '../support/node-client.ts';
import { startRedis, type RedisServer, type RedisServerOptions } from '../support/redis.ts';
import {
  startScheduler,
  type ConfigTable,
  type Scheduler,
  type SchedulerOptions,
} from '../support/scheduler.ts';
import { SessionClient } from '../support/session-client.ts';

export interface FleetOptions {
  readonly instances: readonly string[];
  readonly config?: ConfigTable;
  readonly redis?: RedisServerOptions;
  /** Chance chooses one when it is left out. */
  readonly keyPrefix?: string;
}

export class Fleet {
  readonly redis: RedisServer;
  readonly keyPrefix: string;
  readonly #config: ConfigTable;
  readonly #keys: Redis;
  readonly #schedulers = new Map<string, Scheduler>();
  #clients: { close(): Promise<void> }[] = [];

  private constructor(redis: RedisServer, config: ConfigTable, keyPrefix: string) {
    this.keyPrefix = keyPrefix;
    this.redis = redis;
    this.#config = config;
    this.#keys = new Redis(redis.url, { maxRetriesPerRequest: 1 });
    this.#keys.on('error', () => undefined);
  }

  static async start({ instances, config = {}, redis, keyPrefix }: FleetOptions): Promise<Fleet> {
    const prefix = keyPrefix ?? `t-${randomBytes(4).toString('hex')}`;
    const fleet = new Fleet(await startRedis(redis), config, prefix);
    await Promise.all(instances.map((id) => fleet.add(id)));
    return fleet;
  }

  async add(
    instanceId: string,
    config: ConfigTable = this.#config,
    options: Pick<SchedulerOptions, 'environment' | 'untilReady'> = {},
  ): Promise<Scheduler> {
    const scheduler = await startScheduler({
      ...options,
      instanceId,
      redisUrl: this.redis.url,
      keyPrefix: this.keyPrefix,
      config,
    });
    this.#schedulers.set(instanceId, scheduler);
    return scheduler;
  }

  on(instanceId: string): Scheduler {
    const scheduler = this.#schedulers.get(instanceId);
    if (!scheduler) throw new Error(`no scheduler ${instanceId}`);
    return scheduler;
  }

  /** A node that is ready. */
  async node(instanceId: string, options: NodeOptions = {}): Promise<NodeClient> {
    const node = await NodeClient.ready(this.on(instanceId).url, options);
    this.#clients.push(node);
    return node;
  }

  /** What is in Redis under the fleet's prefix. */
  get keys(): Redis {
    return this.#keys;
  }

  async session(instanceId: string, init?: Record<string, unknown>): Promise<SessionClient> {
    const session = await SessionClient.open(this.on(instanceId).url, init);
    this.#clients.push(session);
    return session;
  }

  /** Waits until every scheduler says that it is ready. */
  async ready(): Promise<void> {
    for (const [id, scheduler] of this.#schedulers) {
      await eventually(`${id} is ready`, async () => (await scheduler.get('/readyz')).status === 200);
    }
  }

  /** Closes the clients of this fleet and does not wait for what the schedulers make of it. */
  async hangUp(): Promise<void> {
    const clients = this.#clients;
    this.#clients = [];
    await Promise.all(clients.map((client) => client.close()));
  }

  /** Sends everybody home, so that the next story starts with nobody connected. */
  async disconnectAll(): Promise<void> {
    await this.hangUp();
    const nodes = `${this.keyPrefix}:v1:nodes:all`;
    await eventually('all nodes are forgotten', async () => {
      const left = await this.#keys.scard(nodes).catch(() => undefined);
      return left === 0;
    });
  }

  async stop(): Promise<void> {
    this.#keys.disconnect();
    await this.hangUp();
    await Promise.all([...this.#schedulers.values()].map((scheduler) => scheduler.kill()));
    await this.redis.stop();
  }

  /** What the schedulers printed, for the message of a failing test. */
  output(): string {
    return [...this.#schedulers].map(([id, { program }]) => `--- ${id}\n${program.output}`).join('\n');
  }
}
