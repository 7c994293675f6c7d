/** Instances without processes and sockets without a network, on a clock that is moved by hand. */
import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { AppError } from '../../../common/errors.ts';
import { parseConfig } from '../../../scheduler/config/load.ts';
import { SessionPeer } from '../../../scheduler/desk/peer.ts';
import { Connection } from '../../../scheduler/edge/connection.ts';
import { Outflow } from '../../../scheduler/edge/outflow.ts';
import { PingWheel } from '../../../scheduler/edge/ping-wheel.ts';
import { NodePeer } from '../../../scheduler/floor/peer.ts';
import { createInstance, type Instance } from '../../../scheduler/instance.ts';
import { startLoops } from '../../../scheduler/loops.ts';
import { openMemoryStore } from '../../../scheduler/store/memory/open.ts';
import type { Store } from '../../../scheduler/store/store.ts';
import { FakeClock, FakeRandom } from '../clock.ts';
import { FrameReader } from '../../faults/ws-frames.ts';
import { fakeLog } from '../log.ts';

export const slots = 2;
export const services = ['node-inference', 'nmt-m2m100', 'piper-tts'];

/** Lines that a test adds to the tables of the configuration, and tables of its own. */
export interface Extra {
  readonly scheduler?: string;
  readonly limits?: string;
  readonly tables?: string;
}

const configOf = ({ scheduler = '', limits = '', tables = '' }: Extra) =>
  parseConfig(
    `
[scheduler]
max_concurrent_jobs_per_node = ${String(slots)}
job_timeout_seconds = 5
node_grace_seconds = 0.5
${scheduler.includes('result_hold') ? '' : 'result_hold_seconds = 60'}
${scheduler}
[scheduler.job_timeout]
pending_timeout_seconds = 20
[scheduler.node_health]
health_check_count = 1
heartbeat_timeout_seconds = 1000
[scheduler.phase2.node_snapshot]
refresh_interval_ms = 200
${tables}
[limits]
inline_payload_bytes = 700
ping_interval_seconds = 0
${limits}
`,
    'config.toml',
  ).config;

export type Message = Record<string, unknown> & { type: string };

/** The far end of a connection that has no network in it. */
export class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  /** What is written stays unread until `bufferedAmount` is taken back. */
  isSlow = false;
  isPaused = false;
  onFrame: (message: Message) => void = () => undefined;
  closeCode: number | undefined;

  write(frames: Buffer): void {
    if (this.isSlow) this.bufferedAmount += frames.length;
    for (const { payload } of new FrameReader().push(frames)) {
      if (this.readyState === 1) this.onFrame(JSON.parse(payload.toString()) as Message);
    }
  }

  say(message: Record<string, unknown>): void {
    if (this.readyState === 1) this.emit('message', Buffer.from(JSON.stringify(message)), false);
  }

  close(code?: number): void {
    if (this.readyState !== 1) return;
    this.closeCode = code;
    this.readyState = 3;
    setImmediate(() => this.emit('close'));
  }

  terminate(): void {
    this.close();
  }

  /** The process at the other end is gone. */
  vanish(): void {
    this.removeAllListeners();
    this.onFrame = () => undefined;
    this.readyState = 3;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

export class World {
  readonly clock = new FakeClock();
  /** What all instances share, without its faults. */
  readonly store = openMemoryStore({ clock: this.clock });
  readonly random: FakeRandom;
  readonly dice: FakeRandom;
  readonly #logs = fakeLog();
  readonly #config: ReturnType<typeof configOf>;
  readonly #lives: { stop: AbortController; sockets: FakeSocket[] }[] = [];
  readonly instances: Instance[] = [];
  failing = 0;
  /** Verbs of the store that do what they are asked and cannot say so. */
  readonly mute = new Set<string>();
  /** How late the next answers of a verb come, in milliseconds, though it is done at once. */
  readonly slow = new Map<string, number[]>();
  /** Hints of these types never arrive. */
  readonly lost = new Set<string>();

  private constructor(seed: number, extra: Extra) {
    this.#config = configOf(extra);
    this.random = new FakeRandom(seed);
    this.dice = new FakeRandom(seed + 1);
  }

  chance(part: number): boolean {
    return this.dice.next() < part;
  }

  static async start(seed: number, extra: Extra = {}): Promise<World> {
    const world = new World(seed, extra);
    for (const place of [0, 1]) await world.raise(place);
    return world;
  }

  /** Starts the instance of a place, under the id it always has. */
  async raise(place: number): Promise<void> {
    const instanceId = place === 0 ? 'a' : 'b';
    const stop = new AbortController();
    const log = this.#logs.log.child({ instanceId });
    // What the remains of a dead one say is of no interest.
    stop.signal.addEventListener('abort', () => {
      log.level = 'silent';
    });
    const instance = createInstance({
      config: this.#config,
      identity: { instanceId, boot: this.random.id(), podUid: instanceId },
      clock: this.clock,
      random: this.random,
      log,
      signal: stop.signal,
      presence: {
        instance_id: instanceId,
        started_at: this.clock.now(),
        hostname: 'h',
        pid: 1,
        version: '0',
      },
      store: this.#flaky(mortal(this.store, stop.signal)),
    });
    this.instances[place] = instance;
    this.#lives[place] = { stop, sockets: [] };
    await instance.lease.claim();
    void instance.lease.keep();
    startLoops(instance, stop.signal, (error) => {
      throw error;
    });
    instance.serve();
  }

  /** Ends an instance as SIGKILL does: nothing it has begun goes on, and nobody is told. */
  kill(place: number): void {
    const life = this.#lives[place];
    life?.stop.abort();
    for (const socket of life?.sockets ?? []) socket.vanish();
  }

  isAlive(place: number): boolean {
    return this.#lives[place]?.stop.signal.aborted === false;
  }

  /** The instance of a place holds this socket. */
  held(place: number, socket: FakeSocket): void {
    this.#lives[place]?.sockets.push(socket);
  }

  on(place: number): Instance {
    return this.instances[place % 2]!;
  }

  errors(): unknown[] {
    return this.#logs.lines.filter(
      (line) => line['level'] === 50 && !JSON.stringify(line).includes('unavailable'),
    );
  }

  async stop(): Promise<void> {
    for (const { stop } of this.#lives) stop.abort();
    await this.clock.advance(10_000);
  }

  #isLost(sent: unknown[]): boolean {
    const [hint] = sent[1] as Message[];
    return this.lost.has(String(hint?.type)) || this.chance(this.failing);
  }

  /** A hint that would be lost does not go with a move: it is sent, and lost. */
  #withoutLost(verb: string, args: unknown[]): unknown[] {
    if (verb === 'accept' && this.lost.has('assign')) return args.slice(0, 2);
    return verb === 'finish' && this.lost.has('results') ? args.slice(0, 1) : args;
  }

  /** The verbs of jobs and sessions and the sending of hints fail as often as `failing` says. */
  #flaky(store: Store): Store {
    const wrap = <Part extends object>(part: Part, verbs: readonly (keyof Part)[]): Part => {
      const flaky = Object.create(part) as Part;
      for (const verb of verbs) {
        const real = part[verb] as (...args: unknown[]) => Promise<unknown>;
        const failing = async (...args: unknown[]) => {
          if (this.chance(this.failing)) throw new AppError('unavailable', 'cut before');
          if (verb === 'send' && this.#isLost(args)) return 'sent';
          const answer = await real.apply(part, this.#withoutLost(String(verb), args));
          const lateMs = this.slow.get(String(verb))?.shift() ?? 0;
          if (lateMs > 0) await this.clock.sleep(lateMs);
          const muted = this.mute.has(String(verb)) || this.chance(this.failing);
          if (muted) throw new AppError('unavailable', 'cut after');
          return answer;
        };
        flaky[verb] = failing as Part[typeof verb];
      }
      return flaky;
    };
    return {
      ...store,
      jobs: wrap(store.jobs, ['accept', 'dispatch', 'requeue', 'finish', 'get', 'overdue']),
      sessions: wrap(store.sessions, [
        'open',
        'takeOver',
        'release',
        'get',
        'ownerOf',
        'readOutbox',
        'trimOutbox',
        'renew',
      ]),
      nodes: wrap(store.nodes, ['save', 'changes', 'all']),
      inbox: wrap(store.inbox, ['send', 'acknowledge']),
    };
  }
}

/** The store as an instance has it that may end in the middle of anything. */
function mortal(store: Store, signal: AbortSignal): Store {
  const part = <Part extends object>(real: Part): Part =>
    new Proxy(real, {
      get(target, name) {
        const verb: unknown = Reflect.get(target, name);
        if (typeof verb !== 'function' || name === 'read') return verb;
        return async (...args: unknown[]): Promise<unknown> => {
          if (signal.aborted) throw new AppError('unavailable', 'the process has ended');
          return (await Reflect.apply(verb, target, args)) as unknown;
        };
      },
    });
  const { sessions, jobs, nodes, instances, inbox } = store;
  return {
    ...store,
    sessions: part(sessions),
    jobs: part(jobs),
    nodes: part(nodes),
    instances: part(instances),
    inbox: part(inbox),
  };
}

export function connect(world: World, side: 'session' | 'node', place: number): FakeSocket {
  const instance = world.on(place);
  const socket = new FakeSocket();
  if (!world.isAlive(place % 2)) {
    socket.vanish();
    return socket;
  }
  world.held(place % 2, socket);
  const { log, metrics, clock, random, desk, floor } = instance;
  const limits = { sendQueueBytes: 1e9, messages: { perSecond: 0, burst: 1 } };
  const shared = { ...limits, wheel: new PingWheel(clock, 0), outflow: new Outflow(clock) };
  const connection = new Connection(socket as unknown as WebSocket, socket, {
    ...shared,
    side,
    clock,
    log,
    metrics,
  });
  const peer =
    side === 'session'
      ? new SessionPeer(connection, { desk, clock, log, metrics })
      : new NodePeer(connection, { floor, random, log, metrics });
  connection.start(peer, () => undefined);
  return socket;
}
