/**
 * The right of this process to be its instance id. It is claimed before the sockets open and renewed by compare. The
 * process trusts only its own monotonic clock: when a renewal has not succeeded for as long as the lease lives, or the
 * lease turns out to be another's, it fences itself before anything else, and then tries to claim again.
 */
import type { Logger } from 'pino';
import { AppError } from '../../common/errors.ts';
import type { Metrics } from '../metrics.ts';
import { retrying, type Retry } from '../retry.ts';
import type { InstanceStore, LeaseToken } from '../store/store.ts';

export type LeaseIdentity = Omit<LeaseToken, 'epoch'>;

interface LeaseDeps extends Retry {
  readonly instances: InstanceStore;
  readonly identity: LeaseIdentity;
  readonly ttlMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Nothing of this process may have an effect any more: called at once, before any waiting. */
  readonly onLost: () => void;
  /** The lease is held again after it was lost. */
  readonly onRegained: () => void;
}

/** Renewals per lifetime of the lease. */
const renewalsPerTtl = 3;

/** How often an instance that comes back looks whether its reaper is done. */
const reapedPollMs = 300;

/** Part of the lifetime that is kept back, because a check and what follows it are not one step. */
const marginPart = 0.1;

export class Lease {
  readonly #deps: LeaseDeps;
  #token: LeaseToken | undefined;
  #validUntilMs = 0;
  #holder: string | null = null;
  /** The holder is a living instance that cleans up after our last life. */
  #isReaped = false;
  #cancelFence: () => void = () => undefined;
  #wake: () => void = () => undefined;

  constructor(deps: LeaseDeps) {
    this.#deps = deps;
  }

  get held(): boolean {
    return this.#token !== undefined && this.#deps.clock.monotonic() < this.#validUntilMs;
  }

  get epoch(): number {
    return this.#token?.epoch ?? 0;
  }

  /** What proves our right to others; undefined while it is not held. */
  get token(): LeaseToken | undefined {
    return this.held ? this.#token : undefined;
  }

  /** Who holds the id instead of us, as `boot@pod-uid` or the instance that reaps us; null when nobody is known to. */
  get holder(): string | null {
    return this.#holder;
  }

  /**
   * Claims the lease; waits while the store is away or another holder's lease runs out.
   *
   * @throws AppError `config` when another process still renews it after twice the lifetime
   */
  async claim(): Promise<void> {
    const { clock, ttlMs, signal, log, identity, metrics } = this.#deps;
    let heldSinceMs: number | undefined;
    let saidReaped = false;
    while (!signal.aborted) {
      const expiresInMs = await this.#tryClaim();
      if (expiresInMs === undefined) return;
      if (this.#isReaped) {
        if (!saidReaped)
          log.info({ reaper: this.#holder }, 'our last life is being cleaned up; waiting a moment');
        saidReaped = true;
        await clock.sleep(Math.min(expiresInMs + 10, reapedPollMs), signal);
        continue;
      }
      heldSinceMs ??= clock.monotonic();
      metrics.duplicateInstance.set(1);
      if (clock.monotonic() - heldSinceMs >= 2 * ttlMs) throw duplicate(identity.instanceId, this.#holder);
      log.warn(
        { holder: this.#holder, expiresInMs },
        'instance id is held by another process; waiting for its lease to end',
      );
      await clock.sleep(Math.min(expiresInMs + 10, ttlMs / 2), signal);
    }
  }

  /**
   * Keeps the lease until the signal aborts.
   *
   * @throws AppError `config` when another process has it for good
   */
  async keep(): Promise<void> {
    const { ttlMs, signal } = this.#deps;
    for (;;) {
      await this.#pause(ttlMs / renewalsPerTtl);
      if (signal.aborted) return;
      await this.#renew();
    }
  }

  /** The store has come back, with or without what it knew of us: looks now and not when it is time. */
  renewSoon(): void {
    this.#wake();
  }

  /** Gives the lease up by compare, so that a successor need not wait. */
  async release(): Promise<void> {
    this.#cancelFence();
    const token = this.#token;
    this.#token = undefined;
    if (token) await this.#deps.instances.release(token);
  }

  async #pause(delayMs: number): Promise<void> {
    const { clock, signal } = this.#deps;
    const woken = new AbortController();
    this.#wake = () => {
      woken.abort();
    };
    signal.addEventListener('abort', this.#wake, { once: true });
    await clock.sleep(signal.aborted ? 0 : delayMs, woken.signal);
    signal.removeEventListener('abort', this.#wake);
  }

  /** Milliseconds until another's lease ends, or undefined when it is ours now. */
  async #tryClaim(): Promise<number | undefined> {
    const { instances, identity, ttlMs, clock, log, metrics } = this.#deps;
    const report = reportEvery(5000, clock.monotonic.bind(clock), (error) => {
      log.warn({ err: error }, 'Redis is not reachable; still trying to claim the lease');
    });
    const beganMs = { at: 0 };
    const ask = () => {
      beganMs.at = clock.monotonic();
      return instances.claim(identity, ttlMs).catch(report);
    };
    const answer = await retrying(ask, this.#deps);
    this.#isReaped = answer.kind === 'held' && answer.holder.instanceId !== identity.instanceId;
    if (answer.kind === 'held') {
      const { instanceId, boot, podUid } = answer.holder;
      this.#holder = this.#isReaped ? instanceId : `${boot}@${podUid}`;
      return answer.expiresInMs;
    }
    this.#holder = null;
    metrics.duplicateInstance.set(0);
    this.#hold(answer.token, beganMs.at);
    return undefined;
  }

  #hold(token: LeaseToken, askedMs: number): void {
    const { ttlMs, clock, metrics } = this.#deps;
    this.#token = token;
    this.#validUntilMs = askedMs + ttlMs * (1 - marginPart);
    metrics.leaseHeld.set(1);
    this.#cancelFence();
    this.#cancelFence = clock.after(Math.max(0, this.#validUntilMs - clock.monotonic()), () => {
      this.#lose('it could not be renewed in time');
    });
  }

  async #renew(): Promise<void> {
    const { instances, ttlMs, clock, log } = this.#deps;
    const token = this.#token;
    if (!token) return this.#regain();
    const askedMs = clock.monotonic();
    try {
      const renewed = await instances.renew(token, ttlMs);
      // Given up while the answer was on its way: everything was let go of, so it must be regained as such.
      if (this.#token !== token) await this.#regain();
      else if (renewed) this.#hold(token, askedMs);
      else await this.#reclaim();
    } catch (error) {
      log.warn({ err: error }, 'lease could not be renewed');
    }
  }

  /**
   * The lease is no longer ours. When nobody else took it (the store lost its data) the same process may claim it again
   * and go on; otherwise it is fenced.
   */
  async #reclaim(): Promise<void> {
    const { log, onRegained } = this.#deps;
    if ((await this.#tryClaim()) !== undefined) {
      this.#lose('another process took it');
      return;
    }
    log.warn({ epoch: this.epoch }, 'lease was gone and nobody had taken it; claimed again');
    onRegained();
  }

  async #regain(): Promise<void> {
    const { log, onRegained, signal } = this.#deps;
    await this.claim();
    if (signal.aborted) return;
    log.info({ epoch: this.epoch }, 'lease regained');
    onRegained();
  }

  #lose(why: string): void {
    const { metrics, log, onLost } = this.#deps;
    this.#cancelFence();
    if (!this.#token) return;
    this.#token = undefined;
    metrics.leaseHeld.set(0);
    metrics.leaseLost.inc();
    log.error({ why, holder: this.#holder }, 'lease lost: closing all sockets');
    onLost();
    this.#wake();
  }
}

/** Calls `say` for a failure at most once per `everyMs`, and throws it on. */
function reportEvery(everyMs: number, monotonic: () => number, say: (error: unknown) => void) {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (error: unknown): never => {
    if (monotonic() - saidMs >= everyMs) {
      saidMs = monotonic();
      say(error);
    }
    throw error;
  };
}

const duplicate = (instanceId: string, holder: string | null): AppError =>
  new AppError(
    'config',
    `instance_id ${JSON.stringify(instanceId)} is in use by another process (${holder ?? 'unknown'}): every instance needs its own`,
  );
