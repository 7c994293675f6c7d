/**
 * A fleet under test: Redis, and scheduler processes that each reach it, and are reached, through proxies of their own.
 * It lives through many faults; what is seen meanwhile goes into the history of the moment.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cluster, Redis } from 'ioredis';
import { systemClock } from '../../../common/clock-system.ts';
import type { Clock } from '../../../common/clock.ts';
import {
  startRedis,
  startRedisCluster,
  startReplicatedRedisCluster,
  type RedisCluster,
  type RedisServer,
} from '../../support/redis.ts';
import { rewriteAddresses } from '../cluster-addresses.ts';
import type { Command, ScriptNames } from '../commands.ts';
import { History } from '../history.ts';
import { seededRandom, type SeededRandom } from '../random.ts';
import { startRespProxy, type RespProxy } from '../resp-proxy.ts';
import { startWsProxy } from '../ws-proxy.ts';
import type { WsMessage } from '../ws-rules.ts';
import { openDirect, startReplica } from './direct-redis.ts';
import { Instance } from './instance.ts';
import { reservePort } from './ports.ts';
import { readScriptNames } from './script-names.ts';
import type { InstanceSettings } from './settings.ts';

export interface FleetOptions {
  readonly redis: 'single' | 'cluster';
  readonly seed: number;
  readonly instances?: number;
  readonly aof?: boolean;
  /** Further arguments of a single Redis. */
  readonly redisArgs?: readonly string[];
  /** Redis with a replica, or a cluster of which every master has one, and `durability = "replicated"`. */
  readonly replicated?: boolean;
  /** The times that are shipped, instead of the scaled ones. */
  readonly shipped?: boolean;
  /** Merged over the configuration of every instance. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly logLevel?: string;
  /** By how much the wall clock of each instance is off, by place. */
  readonly skewsMs?: readonly number[];
  /** Instances reach Redis past the proxies, where these would be what is measured. */
  readonly pastProxies?: boolean;
  /** Told of everything that passes: what a learning run learns from. */
  readonly onCommand?: (instance: string, command: Command) => void;
  readonly onMessage?: (instance: string, message: WsMessage) => void;
}

let fleets = 0;
/** Fleets of one process share their Redis cluster, each under its own prefix. */
let onCluster = 0;

export class Fleet {
  readonly options: FleetOptions;
  readonly clock: Clock = systemClock;
  readonly startedAtMs = systemClock.now();
  readonly random: SeededRandom;
  readonly keyPrefix: string;
  readonly instances: Instance[] = [];
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'lingua-faults-'));
  readonly #token: string;
  #history = new History(systemClock);
  #server: RedisServer | undefined;
  #replica: RedisServer | undefined;
  #direct: Redis | Cluster | undefined;
  #ports: readonly number[] = [];
  #scripts: ScriptNames = new Map();
  #cluster: RedisCluster | undefined;
  #stopCluster: () => Promise<void> = () => Promise.resolve();

  private constructor(options: FleetOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
    fleets += 1;
    this.keyPrefix = `faults-${process.pid}-${fleets}`;
    this.#token = this.random.id();
  }

  /** Redis and all instances, ready. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      await fleet.#startRedis();
      for (let ordinal = 0; ordinal < (options.instances ?? 3); ordinal++) {
        fleet.instances.push(await fleet.#createInstance(`fault-${ordinal}`));
      }
      await Promise.all(fleet.instances.map((instance) => instance.start()));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  get history(): History {
    return this.#history;
  }

  /** The instance at this place; there is one. */
  at(place: number): Instance {
    const instance = this.instances[place];
    if (!instance) throw new Error(`there is no instance ${place}`);
    return instance;
  }

  /** Redis itself, past all proxies. */
  get direct(): Redis | Cluster {
    if (!this.#direct) throw new Error('Redis was not started');
    return this.#direct;
  }

  /** The single Redis server, to be killed and frozen. */
  get server(): RedisServer {
    if (!this.#server) throw new Error('this fleet has a Redis cluster');
    return this.#server;
  }

  /** The Redis cluster, whose servers are to be killed. */
  get cluster(): RedisCluster {
    if (!this.#cluster) throw new Error('this fleet has a single Redis');
    return this.#cluster;
  }

  /** From here on everybody writes into a new history. */
  newHistory(): History {
    this.#history = new History(this.clock);
    return this.#history;
  }

  noteFault(detail: string): void {
    this.#history.add({ actor: 'driver', op: 'fault', phase: 'info', detail });
  }

  /** Addresses of all instances, beginning with the one at this place. */
  addressesFrom(place: number, { pastProxies = false } = {}): readonly string[] {
    const addresses = this.instances.map(({ address, port }) =>
      pastProxies ? `127.0.0.1:${port}` : address,
    );
    return [...addresses.slice(place), ...addresses.slice(0, place)];
  }

  /** One more instance, not started; `id` may be one that another process has. */
  createInstance(id: string, podUid: string): Promise<Instance> {
    return this.#createInstance(id, podUid);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.instances.map((instance) => instance.close()));
    this.#direct?.disconnect();
    await this.#replica?.stop();
    await this.#server?.stop();
    await this.#stopCluster();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #startRedis(): Promise<void> {
    this.#scripts = await readScriptNames();
    const { redis, aof = false, redisArgs = [], replicated = false } = this.options;
    if (redis === 'single') {
      this.#server = await startRedis({ aof, args: ['--repl-diskless-sync-delay', '0', ...redisArgs] });
      this.#ports = [this.#server.port];
      if (replicated) this.#replica = await startReplica(this.#server.port, this.clock);
    } else {
      this.#cluster = await (replicated ? this.#ownCluster() : this.#sharedCluster());
      this.#ports = this.#cluster.ports;
    }
    this.#direct = openDirect(redis, this.#ports);
  }

  async #ownCluster(): Promise<RedisCluster> {
    const cluster = await startReplicatedRedisCluster();
    this.#stopCluster = () => cluster.stop();
    return cluster;
  }

  async #sharedCluster(): Promise<RedisCluster> {
    onCluster += 1;
    this.#stopCluster = async () => {
      onCluster -= 1;
      if (onCluster === 0) await cluster.stop();
    };
    const cluster = await startRedisCluster();
    return cluster;
  }

  async #createInstance(instanceId: string, podUid = `uid-of-${instanceId}`): Promise<Instance> {
    const redis = await this.#startRedisProxies(instanceId);
    const port = await reservePort();
    const sockets = await startWsProxy({
      target: () => ({ host: '127.0.0.1', port }),
      clock: this.clock,
      random: this.random.fork(`${instanceId} sockets`),
      onMessage: (message) => this.options.onMessage?.(instanceId, message),
    });
    const tokenFile = path.join(this.#directory, 'token');
    writeFileSync(tokenFile, this.#token);
    const settings: InstanceSettings = {
      instanceId,
      port,
      adminPort: await reservePort(),
      redisPorts: this.options.pastProxies ? this.#ports : redis.map((proxy) => proxy.port),
      mode: this.options.redis,
      keyPrefix: this.keyPrefix,
      durability: this.options.replicated ? 'replicated' : 'redis',
      shipped: this.options.shipped ?? false,
      overrides: this.options.overrides ?? {},
    };
    const files = { directory: this.#directory, tokenFile, token: this.#token };
    const history = () => this.#history;
    const { logLevel = 'info', skewsMs } = this.options;
    const skewMs = skewsMs?.[this.instances.length];
    return new Instance({
      ...(skewMs === undefined ? {} : { skewMs }),
      settings,
      podUid,
      logLevel,
      redis,
      sockets,
      clock: this.clock,
      history,
      ...files,
    });
  }

  async #startRedisProxies(instanceId: string): Promise<RespProxy[]> {
    const byServer = new Map<number, number>();
    const rewrite = rewriteAddresses(byServer);
    const proxies = await Promise.all(
      this.#ports.map((port) =>
        startRespProxy({
          target: { host: '127.0.0.1', port },
          scripts: this.#scripts,
          clock: this.clock,
          random: this.random.fork(`${instanceId} redis ${port}`),
          rewrite,
          onCommand: (command) => this.options.onCommand?.(instanceId, command),
        }),
      ),
    );
    this.#ports.forEach((port, place) => byServer.set(port, proxies[place]?.port ?? port));
    return proxies;
  }
}
