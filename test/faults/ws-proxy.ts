/**
 * A proxy between sessions or nodes and one instance that reads WebSocket messages as they pass and can cut at the moments
 * of `ws-rules.ts`. Messages in several frames are held until they are whole; control frames pass at once.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Random } from '../../common/clock.ts';
import { Lane, noToxics, type Toxics } from './lane.ts';
import { closeServer, listen } from './listening.ts';
import { reset } from './reset.ts';
import { Sequencer } from './sequencer.ts';
import { encodeFrame, FrameReader, opcodes, type Frame } from './ws-frames.ts';
import { ArmedWsRule, type Direction, type WsAction, type WsMessage, type WsRule } from './ws-rules.ts';

export interface WsProxyOptions {
  /** Asked at each connection: an instance that was started again may listen elsewhere. */
  readonly target: () => { readonly host: string; readonly port: number };
  readonly clock: Clock;
  readonly random: Random;
  readonly onMessage?: (message: WsMessage) => void;
}

export interface WsProxy {
  readonly port: number;
  readonly toInstance: Toxics;
  readonly toPeer: Toxics;
  inject(rule: WsRule): ArmedWsRule;
  clearRules(): void;
  /** Resets every open connection, or those of one path; returns how many. */
  resetAll(path?: string): number;
  close(): Promise<void>;
}

export async function startWsProxy(options: WsProxyOptions): Promise<WsProxy> {
  const proxy = new Proxying(options);
  await proxy.listen();
  return proxy;
}

class Proxying implements WsProxy {
  readonly toInstance = noToxics();
  readonly toPeer = noToxics();
  readonly options: WsProxyOptions;
  readonly #open = new Set<ProxiedConnection>();
  readonly #server: Server;
  #rules: ArmedWsRule[] = [];
  #port = 0;

  constructor(options: WsProxyOptions) {
    this.options = options;
    this.#server = createServer({ noDelay: true }, (peer) => {
      const connection = new ProxiedConnection(peer, this);
      this.#open.add(connection);
      peer.once('close', () => {
        this.#open.delete(connection);
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  get rules(): readonly ArmedWsRule[] {
    return this.#rules;
  }

  async listen(): Promise<void> {
    this.#port = await listen(this.#server);
  }

  inject(rule: WsRule): ArmedWsRule {
    const armed = new ArmedWsRule(rule);
    this.#rules.push(armed);
    return armed;
  }

  clearRules(): void {
    this.#rules = [];
  }

  resetAll(path?: string): number {
    const chosen = [...this.#open].filter((connection) => path === undefined || connection.path === path);
    for (const connection of chosen) connection.reset();
    return chosen.length;
  }

  async close(): Promise<void> {
    this.resetAll();
    await closeServer(this.#server);
  }
}

/** What passes as one: an HTTP head, or the frames of one message. */
interface Parcel {
  readonly message: WsMessage;
  readonly bytes: Buffer;
}

class ProxiedConnection {
  readonly #proxy: Proxying;
  readonly #peer: Socket;
  readonly #instance: Socket;
  readonly #lanes: Record<Direction, Lane>;
  readonly #sequences: Record<Direction, Sequencer<Parcel>>;
  /** Rules of the moment `answered` whose message was delivered, by the direction in which the answer will come. */
  readonly #unanswered: Record<Direction, ArmedWsRule[]> = { 'to-instance': [], 'to-peer': [] };
  path = '';

  constructor(peer: Socket, proxy: Proxying) {
    const { clock, random, target } = proxy.options;
    this.#proxy = proxy;
    this.#peer = peer;
    this.#instance = connect({ ...target(), noDelay: true });
    const lane = (source: Socket, sink: Socket, toxics: Toxics) =>
      new Lane({ source, sink, toxics, clock, random });
    this.#lanes = {
      'to-instance': lane(peer, this.#instance, proxy.toInstance),
      'to-peer': lane(this.#instance, peer, proxy.toPeer),
    };
    const sequence = () => new Sequencer<Parcel>((parcel) => this.#pass(parcel));
    this.#sequences = { 'to-instance': sequence(), 'to-peer': sequence() };
    this.#read(peer, 'to-instance');
    this.#read(this.#instance, 'to-peer');
  }

  reset(): void {
    reset(this.#peer);
    reset(this.#instance);
  }

  #read(source: Socket, direction: Direction): void {
    const cutter = new MessageCutter(direction, (message, bytes) => {
      if (direction === 'to-instance' && message.type === 'upgrade') this.path = message.path;
      this.#sequences[direction].push({ message: { ...message, path: this.path }, bytes });
    });
    const other = direction === 'to-instance' ? this.#instance : this.#peer;
    source.on('data', (chunk: Buffer) => {
      cutter.push(chunk);
    });
    source.on('error', () => {
      reset(other);
    });
    source.on('close', () => {
      other.destroySoon();
    });
  }

  #pass({ message, bytes }: Parcel): Promise<void> | undefined {
    this.#proxy.options.onMessage?.(message);
    const met = this.#proxy.rules.find((armed) => armed.meets(message));
    const send = (what = bytes) => {
      this.#lanes[message.direction].write(what);
    };
    if (met?.rule.when === 'before') return this.#act(met.fire(), message, bytes, send);
    send();
    if (met?.rule.when === 'delivered') return this.#afterDelivery(met.fire(), message.direction);
    if (met) this.#unanswered[opposite(message.direction)].push(met);
    const answered = this.#unanswered[message.direction].shift();
    return answered ? this.#afterDelivery(answered.fire(), message.direction) : undefined;
  }

  #act(
    action: WsAction,
    message: WsMessage,
    bytes: Buffer,
    send: (what?: Buffer) => void,
  ): Promise<void> | undefined {
    if (action.do === 'slice') for (const byte of bytes) send(Buffer.of(byte));
    else if (action.do === 'duplicate') send(Buffer.concat([bytes, bytes]));
    else if (action.do === 'corrupt') send(corrupted(bytes, action.what));
    else if (action.do === 'garble') this.#garble(message, send);
    else if (action.do === 'half-open') this.#silence();
    else if (action.do === 'cut') {
      send(bytes.subarray(0, Math.ceil(bytes.length / 2)));
      return this.#resetSoon();
    } else if (action.do !== 'drop') return this.#interrupt(action, send);
    return undefined;
  }

  /** The message is there already; what can still be done is to the connection. */
  #afterDelivery(action: WsAction, direction: Direction): Promise<void> | undefined {
    if (action.do === 'half-open' || action.do === 'drop') {
      this.#silence();
      return undefined;
    }
    const waits = action.do === 'delay' || action.do === 'hook';
    const work = waits ? this.#interrupt(action, () => undefined) : this.#resetSoon();
    this.#sequences[opposite(direction)].hold(work);
    return work;
  }

  #garble(message: WsMessage, send: (what?: Buffer) => void): void {
    if (message.type === 'upgrade') {
      this.#lanes['to-peer'].write(
        Buffer.from('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n'),
      );
      this.#peer.end();
      return;
    }
    const mask = message.direction === 'to-instance' ? { mask: Buffer.from([1, 2, 3, 4]) } : {};
    send(encodeFrame(Buffer.from('{"type":'), mask));
  }

  #silence(): void {
    this.#lanes['to-instance'].silence();
    this.#lanes['to-peer'].silence();
  }

  #interrupt(action: WsAction, then: () => void): Promise<void> {
    if (action.do === 'delay') return this.#proxy.options.clock.sleep(action.ms).then(then);
    if (action.do !== 'hook') return this.#resetSoon();
    return action.run().then((verdict) => {
      if (verdict === 'cut') this.reset();
      else then();
    });
  }

  /** What was written a moment ago must arrive before the reset does. */
  #resetSoon(): Promise<void> {
    return this.#proxy.options.clock.sleep(0).then(() => {
      this.reset();
    });
  }
}

const opposite = (direction: Direction): Direction => (direction === 'to-peer' ? 'to-instance' : 'to-peer');

function corrupted(bytes: Buffer, what: 'reserved' | 'mask'): Buffer {
  const copy = Buffer.from(bytes);
  if (what === 'reserved') copy[0] = (copy[0] ?? 0) | 0x70;
  else copy[1] = (copy[1] ?? 0) ^ 0x80;
  return copy;
}

/** Cuts one direction of a connection into the HTTP head and then messages. */
class MessageCutter {
  readonly #direction: Direction;
  readonly #emit: (message: WsMessage, bytes: Buffer) => void;
  readonly #frames = new FrameReader();
  #head: Buffer | undefined = Buffer.alloc(0);
  #parts: Frame[] = [];

  constructor(direction: Direction, emit: (message: WsMessage, bytes: Buffer) => void) {
    this.#direction = direction;
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    if (this.#head === undefined) {
      for (const frame of this.#frames.push(chunk)) this.#frame(frame);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#head.subarray(0, end + 4);
    const rest = this.#head.subarray(end + 4);
    this.#head = undefined;
    const path = /^GET (\/[^ ?]*)/.exec(head.toString('latin1'))?.[1] ?? '';
    this.#emit({ direction: this.#direction, path, type: 'upgrade' }, head);
    if (rest.length > 0) this.push(rest);
  }

  #frame(frame: Frame): void {
    if (frame.opcode >= opcodes.close) {
      this.#emit(this.#named(controlName(frame.opcode)), frame.bytes);
      return;
    }
    this.#parts.push(frame);
    if (!frame.final) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#emit(this.#describe(parts), Buffer.concat(parts.map(({ bytes }) => bytes)));
  }

  #describe(parts: readonly Frame[]): WsMessage {
    if (parts[0]?.opcode !== opcodes.text) return this.#named('binary');
    try {
      const value = JSON.parse(Buffer.concat(parts.map(({ payload }) => payload)).toString()) as Record<
        string,
        unknown
      >;
      const { type, event } = value;
      const named = this.#named(typeof type === 'string' ? type : 'unreadable');
      return typeof event === 'string' ? { ...named, event } : named;
    } catch {
      return this.#named('unreadable');
    }
  }

  #named(type: string): WsMessage {
    return { direction: this.#direction, path: '', type };
  }
}

function controlName(opcode: number): string {
  if (opcode === opcodes.close) return 'close';
  return opcode === opcodes.ping ? 'ping' : 'pong';
}
