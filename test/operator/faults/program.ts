/**
 * One operator as a process: it can be killed, stopped by a signal, and put to sleep with everything that is on its way to it.
 * Whatever comes from outside, an answer, a line of a watch, a timer, reaches it only while it runs.
 */
import { pino, type Logger } from 'pino';
import { Registry } from 'prom-client';
import type { Clock } from '../../../common/clock.ts';
import { Lifecycle } from '../../../common/lifecycle.ts';
import { managedBy } from '../../../operator/api/labels.ts';
import { connect } from '../../../operator/kube/client.ts';
import { startOperator } from '../../../operator/operator.ts';
import { FakeRandom } from '../../fakes/clock.ts';
import type { Surroundings } from '../surroundings.ts';
import { memoryConnections, type HttpAnswer, type HttpHandler } from './http.ts';

export const lease = { namespace: 'lingua-system', name: managedBy };

const silent = pino({ level: 'silent' });
const never = new Promise<never>(() => undefined);

export interface ProgramOptions {
  readonly surroundings: Pick<Surroundings, 'clock' | 'admin'>;
  readonly name: string;
  readonly seed: number;
  readonly hasElection: boolean;
  readonly log?: Logger | undefined;
  /** The API as this process reaches it. */
  readonly api: (program: Program) => HttpHandler;
}

export class Program {
  readonly name: string;
  readonly #clock: Clock;
  readonly #lifecycle: Lifecycle;
  readonly #ended = new AbortController();
  #asleep: { readonly until: Promise<void>; readonly wake: () => void } | undefined;
  #isDead = false;

  constructor({ surroundings, name, seed, hasElection, api, log = silent }: ProgramOptions) {
    this.name = name;
    this.#clock = surroundings.clock;
    const clock = this.#ownClock();
    const random = new FakeRandom(seed);
    this.#lifecycle = new Lifecycle({ clock, log, graceMs: 15_000 });
    const { ask, drain, probe } = surroundings.admin;
    const onLost = () => {
      if (this.#lifecycle.phase === 'ready') void this.terminate();
    };
    const operator = startOperator({
      kube: connect({
        login: this.#login(api(this)),
        ...{ clock, random, fieldManager: managedBy, userAgent: name, requestTimeoutMs: 15_000 },
      }),
      admin: {
        ask: (...question) => this.#arriving(ask(...question)),
        drain: (...order) => this.#arriving(drain(...order)),
        probe: (...trial) => this.#arriving(probe(...trial)),
      },
      ...{ namespaces: [], concurrency: 4, identity: name, clock, random, log },
      ...{ registry: new Registry(), lifecycle: this.#lifecycle },
      ...(hasElection ? { election: { lease, onLost } } : {}),
    });
    void operator.synced.then((isSynced) => {
      if (!isSynced) return;
      this.#lifecycle.ready();
      operator.work();
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Without a warning. */
  kill(): void {
    this.#isDead = true;
    this.#ended.abort();
  }

  /** As a signal does it; then the process is gone. */
  async terminate(): Promise<void> {
    await this.#lifecycle.stop('asked to').catch(() => undefined);
    this.kill();
  }

  sleep(): void {
    let wake: () => void = () => undefined;
    const until = new Promise<void>((resolve) => (wake = resolve));
    this.#asleep = { until, wake };
  }

  wake(): void {
    this.#asleep?.wake();
    this.#asleep = undefined;
  }

  async #arriving<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } finally {
      await this.#running();
    }
  }

  async #running(): Promise<void> {
    while (this.#asleep) await this.#asleep.until;
    if (this.#isDead) await never;
  }

  #ownClock(): Clock {
    const clock = this.#clock;
    const after: Clock['after'] = (delayMs, action) => {
      let isCancelled = false;
      const cancel = clock.after(delayMs, () => {
        if (this.#isDead) return;
        if (!this.#asleep) {
          action();
          return;
        }
        void this.#running().then(() => {
          if (!isCancelled) action();
        });
      });
      return () => {
        isCancelled = true;
        cancel();
      };
    };
    const sleep: Clock['sleep'] = (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const cancel = after(delayMs, resolve);
        signal?.addEventListener('abort', () => {
          cancel();
          resolve();
        });
      });
    return { now: () => clock.now(), monotonic: () => clock.monotonic(), after, sleep };
  }

  #login(handler: HttpHandler) {
    const connections = memoryConnections(async (request) => {
      const signal = AbortSignal.any([request.signal, this.#ended.signal]);
      const { status, headers = {}, body } = await this.#arriving(handler({ ...request, signal }));
      return { status, headers, body: typeof body === 'string' ? body : this.#arrivingPieces(body) };
    });
    const access = { headers: {}, connections };
    return {
      server: new URL('http://api'),
      namespace: lease.namespace,
      current: () => Promise.resolve(access),
      close: () => Promise.resolve(),
    };
  }

  async *#arrivingPieces(pieces: Exclude<HttpAnswer['body'], string>): AsyncGenerator<string> {
    for await (const piece of pieces) {
      await this.#running();
      yield piece;
    }
  }
}
