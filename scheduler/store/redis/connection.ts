/**
 * One connection to Redis, or to each master of a Redis cluster. It comes back by itself for ever. A command waits for
 * it, but never longer than its patience, and one whose caller has given up is not sent any more: what a caller was told
 * to be unknown must not happen much later, when another instance has taken over.
 */
import { Cluster, Command, type Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Clock } from '../../../common/clock.ts';
import { AppError } from '../../../common/errors.ts';
import { crc16 } from '../partition.ts';
import { createClient, defaultCommandTimeoutMs } from './client.ts';
import type { Credentials } from './credentials.ts';
import { isMoved, isNoScript, redisFailure } from './failure.ts';
import type { Observe, RedisStoreOptions } from './options.ts';
import { asNumber } from './reply.ts';
import type { Argument, Script } from './script.ts';
import type { ScriptCall } from './script-group.ts';

/** One server behind a connection. */
export interface ServerClient {
  readonly address: string;
  /** Throws `unavailable` when there is no answer in time. */
  readonly ask: (command: string, ...args: Argument[]) => Promise<unknown>;
}

const slotsEveryMs = 10_000;
/** Commands that wait for a lost connection; more are refused at once, because memory is finite. */
const mostWaiting = 10_000;

/** One socket to one server. */
export interface Link {
  readonly socket: unknown;
  readonly server: Redis;
  /** Whether commands with the key it was asked for still go over it. */
  readonly stands: () => boolean;
}

export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #clock: Clock;
  readonly #observe: Observe;
  readonly #commandTimeoutMs: number;
  readonly #waiting = new Set<() => void>();
  /** Why there is no connection; undefined while there is one, and before anything is known. */
  #trouble: string | undefined;
  #closed = false;
  #stopRefreshing = (): void => undefined;
  #wasReady = false;
  readonly #reconnected = new Set<() => void>();

  /** @param name what it is for, in logs; @param longestAnswerMs how long Redis may block a command before it answers */
  constructor(options: RedisStoreOptions, name: string, longestAnswerMs = 0) {
    this.#clock = options.clock;
    this.#observe = options.observe ?? (() => undefined);
    this.#commandTimeoutMs = options.commandTimeoutMs ?? defaultCommandTimeoutMs;
    const silenceMs = this.#commandTimeoutMs + longestAnswerMs;
    this.#client = createClient(options, name, { silenceMs, gathers: longestAnswerMs === 0 });
    this.#follow(options.log.child({ connection: name }));
    if (this.#client instanceof Cluster) this.#refreshSlots();
  }

  /**
   * Runs one command. Commands of one tick travel together.
   *
   * @param longestAnswerMs for a command that blocks in Redis
   * Throws `unavailable` when there is no answer in time, or Redis cannot do it now.
   */
  async command(name: string, args: readonly Argument[], longestAnswerMs = 0): Promise<unknown> {
    return this.#observed(
      name.toLowerCase(),
      () => this.#client.call(name, ...args),
      this.#commandTimeoutMs + longestAnswerMs,
    );
  }

  /** Runs a script by its hash, and by its text where Redis does not know it (any more). */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const client = this.#client;
    const send = (command: 'evalsha' | 'eval', text: string) =>
      client[command](text, keys.length, ...keys, ...args);
    return this.#runWith(script, send);
  }

  /**
   * Runs calls of one script that were gathered in a turn of the event loop. On a single server they are written now and
   * not gathered once more, which would cost another turn.
   */
  runTogether(script: Script, calls: readonly ScriptCall[]): Promise<unknown>[] {
    const client = this.#client;
    if (client instanceof Cluster) return calls.map(({ keys, args }) => this.run(script, keys, args));
    return calls.map(({ keys, args }) =>
      this.#runWith(script, (name, text) => {
        const command = new Command(name, [text, String(keys.length), ...keys, ...args.map(String)], asText);
        return Promise.resolve(client.sendCommand(command));
      }),
    );
  }

  async #runWith(
    script: Script,
    send: (command: 'evalsha' | 'eval', text: string) => Promise<unknown>,
  ): Promise<unknown> {
    const known = async () => {
      try {
        return await send('evalsha', script.sha1);
      } catch (error) {
        if (!isNoScript(error)) throw error;
        return send('eval', script.source);
      }
    };
    return this.#observed(script.name, known, this.#commandTimeoutMs);
  }

  /** The connection on which a command with this key would go now; undefined when there is none. */
  linkOf(key: string): Link | undefined {
    const server = this.#serverOf(key);
    if (server?.status !== 'ready') return undefined;
    const socket = server.stream;
    return { socket, server, stands: () => this.#serverOf(key)?.stream === socket && !socket.destroyed };
  }

  /** How many replicas have what was written on this connection; waits for the first, at the longest `waitMs`. */
  async waitForReplica({ server }: Link, waitMs: number): Promise<number> {
    const reply = this.#observed('wait', () => server.wait(1, waitMs), this.#commandTimeoutMs + waitMs);
    return asNumber(await reply);
  }

  #serverOf(key: string): Redis | undefined {
    if (!(this.#client instanceof Cluster)) return this.#client;
    const tag = /\{(.+?)\}/.exec(key)?.[1] ?? key;
    const [address] = this.#client.slots[crc16(tag) % 16_384] ?? [];
    return this.#client
      .nodes('master')
      .find(({ options: { host, port } }) => `${host ?? ''}:${String(port)}` === address);
  }

  /** The server, or each master of a cluster. */
  async servers(): Promise<ServerClient[]> {
    if (this.#client.status !== 'ready') await this.#ready(this.#commandTimeoutMs);
    const clients = this.#client instanceof Cluster ? this.#client.nodes('master') : [this.#client];
    return clients.map((client) => ({
      address: `${client.options.host ?? ''}:${String(client.options.port ?? '')}`,
      ask: (command, ...args) =>
        this.#observed(command.toLowerCase(), () => client.call(command, ...args), this.#commandTimeoutMs),
    }));
  }

  /** As another user, or with another password, from now on. What does not hear of it logs in so at its next connection. */
  async logIn({ username = 'default', password }: Credentials): Promise<void> {
    if (password === undefined) return;
    const clients = this.#client instanceof Cluster ? this.#client.nodes('all') : [this.#client];
    const ready = clients.filter(({ status }) => status === 'ready');
    await Promise.allSettled(ready.map((client) => client.call('AUTH', username, password)));
  }

  /** Told each time the connection is there again after it was lost. */
  onReconnect(listener: () => void): void {
    this.#reconnected.add(listener);
  }

  /** Counts something that is not a command of its own. */
  count(op: string, result: 'ok' | 'err', times = 1): void {
    for (let i = 0; i < times; i++) this.#observe(op, result, 0);
  }

  close(): void {
    this.#closed = true;
    this.#stopRefreshing();
    this.#client.disconnect();
    this.#resumeWaiting();
  }

  async #observed(op: string, send: () => Promise<unknown>, patienceMs: number): Promise<unknown> {
    const start = this.#clock.monotonic();
    const elapsed = () => (this.#clock.monotonic() - start) / 1000;
    try {
      if (this.#client.status !== 'ready') await this.#ready(patienceMs);
      const answer = await within(send(), patienceMs - elapsed() * 1000, this.#clock);
      this.#observe(op, 'ok', elapsed());
      return answer;
    } catch (error) {
      this.#observe(op, 'err', elapsed());
      if (isMoved(error)) this.#learnSlots();
      throw redisFailure(error, op);
    }
  }

  /** Resolves when connected. Throws `unavailable` when that takes too long, or when the connection was closed. */
  async #ready(patienceMs: number): Promise<void> {
    if (this.#waiting.size >= mostWaiting)
      throw new AppError('unavailable', 'too many commands wait for Redis');
    await new Promise<void>((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(patienceMs, wake);
      this.#waiting.add(wake);
    });
    if (this.#client.status !== 'ready') {
      throw new AppError('unavailable', `no connection to Redis: ${this.#trouble ?? 'still connecting'}`);
    }
  }

  /** One line when it connects and one when it is lost; further attempts are for those who read debug lines. */
  #follow(log: Logger): void {
    const fail = (trouble: string) => {
      log[this.#trouble === undefined ? 'warn' : 'debug']({ trouble }, 'Redis connection failed');
      this.#trouble = trouble;
    };
    this.#client.on('ready', () => {
      // A cluster that was closed while it connected becomes ready all the same.
      if (this.#closed) {
        this.#client.disconnect();
        return;
      }
      this.#trouble = undefined;
      log.info('Redis connected');
      this.#resumeWaiting();
      if (this.#wasReady) this.#tellReconnected();
      this.#wasReady = true;
    });
    // A cluster stays ready while one of its nodes is away.
    this.#client.on('+node', () => {
      if (this.#wasReady) this.#tellReconnected();
    });
    this.#client.on('error', (error: unknown) => {
      fail(redisFailure(error, 'connect').message);
    });
    this.#client.on('close', () => {
      if (this.#trouble === undefined && !this.#closed) fail('connection closed');
    });
  }

  #tellReconnected(): void {
    for (const listener of this.#reconnected) listener();
  }

  #resumeWaiting(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Where slots are is looked at now and then, also when no command was moved. */
  #refreshSlots(): void {
    this.#stopRefreshing = this.#clock.after(slotsEveryMs, () => {
      if (this.#client.status === 'ready') this.#learnSlots();
      this.#refreshSlots();
    });
  }

  /** ioredis follows a moved slot by itself only when all commands that travelled together were moved. */
  #learnSlots(): void {
    if (this.#client instanceof Cluster) this.#client.refreshSlotsCache();
  }
}

const asText = { replyEncoding: 'utf8' } as const;

async function within<T>(work: Promise<T>, patienceMs: number, clock: Clock): Promise<T> {
  let cancel: (() => void) | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    cancel = clock.after(Math.max(0, patienceMs), () => {
      reject(new AppError('unavailable', 'Redis did not answer in time'));
    });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    cancel?.();
  }
}
