/**
 * A proxy between one instance and one Redis server that understands what is said: it matches each reply to its command,
 * however many are under way, and can cut at any of the three moments of `resp-rules.ts`.
 *
 * For a Redis cluster there is one proxy for each master, and `rewrite` (see `cluster-addresses.ts`) puts the proxies'
 * ports where a reply names a server's. Subscriptions and MONITOR turn a connection into a plain pipe; `CLIENT REPLY` is
 * not supported. Nothing here is encrypted: the connection to a proxy is a local one.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { closeServer, listen } from './listening.ts';
import type { Clock, Random } from '../../common/clock.ts';
import { readCommand, type Command, type ScriptNames } from './commands.ts';
import { Lane, noToxics, type Toxics } from './lane.ts';
import { reset } from './reset.ts';
import { encodeError, isPush, RespReader } from './resp.ts';
import { ArmedRespRule, type RespAction, type RespRule } from './resp-rules.ts';
import { Sequencer } from './sequencer.ts';

export interface RespProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  readonly scripts: ScriptNames;
  readonly clock: Clock;
  readonly random: Random;
  /** Changes what a reply says before the instance hears it. */
  readonly rewrite?: (command: Command, reply: Buffer) => Buffer;
  /** Told of each command when it arrives: the material of a learning run. */
  readonly onCommand?: (command: Command) => void;
}

export interface RespProxy {
  readonly port: number;
  readonly toInstance: Toxics;
  readonly toRedis: Toxics;
  /** A rule armed already may be at several proxies; it is counted, and fires, as one. */
  inject(rule: RespRule | ArmedRespRule): ArmedRespRule;
  clearRules(): void;
  /** Resets every open connection; returns how many. */
  resetAll(): number;
  /** Connections are refused until `reopen`. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port, or on `port` when another proxy must be found there again. */
export async function startRespProxy(options: RespProxyOptions): Promise<RespProxy> {
  const proxy = new Proxying(options);
  await proxy.listen();
  return proxy;
}

class Proxying implements RespProxy {
  readonly toInstance = noToxics();
  readonly toRedis = noToxics();
  readonly options: RespProxyOptions;
  readonly #open = new Set<ProxiedConnection>();
  readonly #server: Server;
  #rules: ArmedRespRule[] = [];
  #refusing = false;
  #port = 0;

  constructor(options: RespProxyOptions) {
    this.options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#accept(socket);
    });
  }

  get port(): number {
    return this.#port;
  }

  get rules(): readonly ArmedRespRule[] {
    return this.#rules;
  }

  async listen(): Promise<void> {
    this.#port = await listen(this.#server);
  }

  inject(rule: RespRule | ArmedRespRule): ArmedRespRule {
    const armed = rule instanceof ArmedRespRule ? rule : new ArmedRespRule(rule);
    this.#rules.push(armed);
    return armed;
  }

  clearRules(): void {
    this.#rules = [];
  }

  resetAll(): number {
    const open = [...this.#open];
    for (const connection of open) connection.reset();
    return open.length;
  }

  refuse(on: boolean): void {
    this.#refusing = on;
  }

  async close(): Promise<void> {
    this.resetAll();
    await closeServer(this.#server);
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      reset(client);
      return;
    }
    const connection = new ProxiedConnection(client, this);
    this.#open.add(connection);
    client.once('close', () => this.#open.delete(connection));
  }
}

/** A command on its way: its reply comes from Redis, or stands here already. */
interface Exchange {
  readonly command: Command;
  readonly answer?: Buffer;
  /** The second reply of a doubled command. */
  readonly swallow?: boolean;
}

const transparentCommands = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR']);

class ProxiedConnection {
  readonly #proxy: Proxying;
  readonly #client: Socket;
  readonly #redis: Socket;
  readonly #toRedis: Lane;
  readonly #toInstance: Lane;
  readonly #requests: Sequencer<Buffer>;
  readonly #replies: Sequencer<Buffer>;
  readonly #waiting: Exchange[] = [];
  #transparent = false;
  #nextError: string | undefined;

  constructor(client: Socket, proxy: Proxying) {
    const { clock, random, target } = proxy.options;
    this.#proxy = proxy;
    this.#client = client;
    this.#redis = connect({ ...target, noDelay: true });
    this.#toRedis = new Lane({ source: client, sink: this.#redis, toxics: proxy.toRedis, clock, random });
    this.#toInstance = new Lane({
      source: this.#redis,
      sink: client,
      toxics: proxy.toInstance,
      clock,
      random,
    });
    this.#requests = new Sequencer((frame) => this.#request(frame));
    this.#replies = new Sequencer((frame) => this.#reply(frame));
    this.#connectPipes();
  }

  reset(): void {
    reset(this.#client);
    this.#redis.destroy();
  }

  #connectPipes(): void {
    const fromClient = new RespReader();
    const fromRedis = new RespReader();
    this.#client.on('data', (chunk: Buffer) => {
      if (this.#transparent) this.#toRedis.write(chunk);
      else for (const frame of fromClient.push(chunk)) this.#requests.push(frame);
    });
    this.#redis.on('data', (chunk: Buffer) => {
      if (this.#transparent) this.#toInstance.write(chunk);
      else for (const frame of fromRedis.push(chunk)) this.#replies.push(frame);
    });
    for (const [one, other] of [[this.#client, this.#redis] as const, [this.#redis, this.#client] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }

  #request(frame: Buffer): Promise<void> | undefined {
    const { scripts, onCommand } = this.#proxy.options;
    const command = readCommand(frame, scripts);
    onCommand?.(command);
    if (this.#nextError !== undefined) {
      this.#answerHere(command, this.#nextError);
      this.#nextError = undefined;
      return undefined;
    }
    const armed = this.#proxy.rules.find((rule) => rule.fires('before', command));
    if (armed) return this.#before(armed.rule.action, command, frame);
    this.#forward(command, frame);
    return undefined;
  }

  #before(action: RespAction, command: Command, frame: Buffer): Promise<void> | undefined {
    if (action.do === 'error') this.#answerHere(command, action.text);
    else if (action.do === 'duplicate') {
      this.#forward(command, frame);
      this.#toRedis.write(frame);
      this.#waiting.push({ command, swallow: true });
    } else if (action.do === 'silence') {
      this.#toInstance.silence();
      this.#toRedis.silence();
    } else
      return this.#interrupt(action, () => {
        this.#forward(command, frame);
      });
    return undefined;
  }

  #forward(command: Command, frame: Buffer): void {
    this.#waiting.push({ command });
    this.#toRedis.write(frame);
    if (transparentCommands.has(command.name)) this.#transparent = true;
  }

  /** In its turn: replies to earlier commands come first. */
  #answerHere(command: Command, text: string): void {
    this.#waiting.push({ command, answer: encodeError(text) });
    this.#deliverOwnAnswers();
  }

  #deliverOwnAnswers(): void {
    while (this.#waiting[0]?.answer) {
      this.#toInstance.write(this.#waiting[0].answer);
      this.#waiting.shift();
    }
  }

  #reply(frame: Buffer): Promise<void> | undefined {
    const exchange = isPush(frame) ? undefined : this.#waiting.shift();
    if (!exchange) {
      this.#toInstance.write(frame);
      return undefined;
    }
    const work = exchange.swallow ? undefined : this.#deliver(exchange.command, frame);
    if (!work) this.#deliverOwnAnswers();
    return work?.then(() => {
      this.#deliverOwnAnswers();
    });
  }

  #deliver(command: Command, frame: Buffer): Promise<void> | undefined {
    const send = () => {
      this.#toInstance.write(this.#proxy.options.rewrite?.(command, frame) ?? frame);
    };
    const executed = this.#proxy.rules.find((rule) => rule.fires('executed', command, frame));
    if (executed) return this.#executed(executed.rule.action, send);
    send();
    const replied = this.#proxy.rules.find((rule) => rule.fires('replied', command, frame));
    return replied ? this.#replied(replied.rule.action) : undefined;
  }

  #executed(action: RespAction, send: () => void): Promise<void> | undefined {
    if (action.do === 'error') this.#toInstance.write(encodeError(action.text));
    else if (action.do === 'silence') this.#toInstance.silence();
    else return this.#interrupt(action, send);
    return undefined;
  }

  #replied(action: RespAction): Promise<void> | undefined {
    if (action.do === 'error') this.#nextError = action.text;
    else if (action.do === 'silence') this.#toInstance.silence();
    else {
      const work = this.#interrupt(action, () => undefined);
      if (work) this.#requests.hold(work);
      return work;
    }
    return undefined;
  }

  /** Resets now, or waits and goes on with `then`, unless the hook says that the connection is to be cut. */
  #interrupt(action: RespAction, then: () => void): Promise<void> | undefined {
    if (action.do === 'delay') return this.#proxy.options.clock.sleep(action.ms).then(then);
    if (action.do === 'hook') {
      return action.run().then((verdict) => {
        if (verdict === 'cut') this.reset();
        else then();
      });
    }
    // What was written a moment ago must reach the instance before the reset does.
    return this.#proxy.options.clock.sleep(0).then(() => {
      this.reset();
    });
  }
}
