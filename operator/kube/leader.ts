/**
 * One leader among the processes that share a Lease.
 *
 * A candidate takes the Lease when nobody holds it, or when its record has not changed for the holder's own duration,
 * measured by this process's monotonic clock since it first saw that record: the clocks of other machines are never
 * compared. Every write carries the resourceVersion that was read, so of two that try at once one fails. A leader gives
 * up `leaseMs - renewDeadlineMs` before others may take over, and counts that time from before it sent its last good renewal.
 *
 * An election is one term: who lost it ends its process and starts anew.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError, toAppError } from '../../common/errors.ts';
import type { Kube, ObjectName } from './kube.ts';
import { microTime } from './micro-time.ts';
import { leases, type Lease } from './resources.ts';

export interface ElectionOptions {
  readonly kube: Pick<Kube, 'get' | 'create' | 'update'>;
  readonly lease: ObjectName;
  /** Unlike that of any other process, also of an earlier one in the same pod. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called once, when this process has become the leader; the signal aborts when it no longer is. */
  readonly onLeading: (lost: AbortSignal) => void;
  readonly timing?: ElectionTiming;
  readonly metrics?: { leading(isLeader: boolean): void };
}

export interface ElectionTiming {
  /** How long others wait after the last change of the record. */
  readonly leaseMs: number;
  /** How long the leader goes on without a good renewal. */
  readonly renewDeadlineMs: number;
  /** Between two renewals by the leader. */
  readonly retryMs: number;
  /** Between two looks of one that waits; varied by a fifth. A lease that is given back is taken up within this. */
  readonly waitMs: number;
}

const defaultTiming: ElectionTiming = {
  leaseMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
  waitMs: 1_000,
};

/** What this process last saw of the Lease, and when by its own clock it saw that for the first time. */
interface Sighting {
  readonly lease: Lease;
  readonly firstSeenAt: number;
}

export class Election {
  readonly #options: ElectionOptions;
  readonly #timing: ElectionTiming;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #seen: Sighting | undefined;
  /** Whether `#seen` may be out of date; it is not after a write of our own. */
  #mustLook = true;
  #isLeading = false;
  #leadsUntil = -Infinity;
  #cancelDeadline: () => void = () => undefined;

  /** Becomes a candidate at once. */
  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#timing = options.timing ?? defaultTiming;
    options.metrics?.leading(false);
    this.#running = this.#run();
  }

  /** Also false when this process slept through its deadline and no timer has told it yet. */
  get isLeader(): boolean {
    return this.#isLeading && this.#options.clock.monotonic() < this.#leadsUntil;
  }

  /** Aborts when the leadership that was held is over, for whatever reason. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Who holds the Lease, as far as this process has seen. */
  get holder(): string | undefined {
    return holderOf(this.#seen?.lease);
  }

  /** Ends the candidacy, and gives the Lease back if it was held: end the work of a leader before. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    if (!this.#isLeading) return;
    this.#resign('stopping');
    await this.#release();
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const ended = AbortSignal.any([this.#stopped.signal, this.#lost.signal]);
    while (!ended.aborted) {
      await this.#try();
      const { retryMs, waitMs } = this.#timing;
      await clock.sleep(this.#isLeading ? retryMs : waitMs * (1 + 0.2 * random.next()), ended);
    }
  }

  /** One attempt to take or to keep the Lease. A failure costs only time. */
  async #try(): Promise<void> {
    const { clock, log, lease } = this.#options;
    try {
      if (this.#mustLook || !this.#isLeading) await this.#inTime(this.#look());
      const startedAt = clock.monotonic();
      if (this.#mayWrite(startedAt)) this.#hold(await this.#inTime(this.#write()), startedAt);
    } catch (caught) {
      // The write may have been refused, or done and not answered: what we know is out of date.
      this.#mustLook = true;
      const leading = this.#isLeading;
      log.warn({ lease: lease.name, leading, err: toAppError(caught) }, 'leader lease not written');
    }
  }

  /** A request that hangs must leave time for another before the deadline. One given up may still have its effect. */
  #inTime<T>(request: Promise<T>): Promise<T> {
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#options.clock.after(this.#timing.renewDeadlineMs / 2, () => {
        reject(new AppError('timeout', 'no answer within half of the renewal deadline'));
      });
    });
    return Promise.race([request, late]).finally(() => {
      cancel();
    });
  }

  async #look(): Promise<void> {
    const { kube, lease: name, clock } = this.#options;
    const lease = await kube.get(leases, name);
    const now = clock.monotonic();
    const before = this.#seen;
    const unchanged = lease && before && isDeepStrictEqual(lease.spec, before.lease.spec);
    this.#seen = lease && { lease, firstSeenAt: unchanged ? before.firstSeenAt : now };
    this.#mustLook = false;
  }

  #mayWrite(now: number): boolean {
    if (this.#stopped.signal.aborted || this.#lost.signal.aborted) return false;
    if (!this.#seen || this.holder === undefined || this.holder === this.#options.identity) return true;
    if (this.#isLeading) {
      this.#resign(`the lease was taken by ${this.holder}`);
      return false;
    }
    const { leaseDurationSeconds } = this.#seen.lease.spec ?? {};
    const validMs = leaseDurationSeconds === undefined ? this.#timing.leaseMs : leaseDurationSeconds * 1000;
    return now >= this.#seen.firstSeenAt + validMs;
  }

  #write(): Promise<Lease> {
    const { kube, lease: name } = this.#options;
    const seen = this.#seen?.lease;
    const spec = this.#record(seen);
    if (seen) return kube.update(leases, { ...seen, spec });
    const { apiVersion, kind } = leases;
    return kube.create(leases, { apiVersion, kind, metadata: { ...name }, spec });
  }

  #record(seen: Lease | undefined): NonNullable<Lease['spec']> {
    const { identity, clock } = this.#options;
    const now = microTime(clock.now());
    const kept = holderOf(seen) === identity;
    const transitions = seen?.spec?.leaseTransitions ?? 0;
    return {
      ...seen?.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#timing.leaseMs / 1000),
      acquireTime: (kept ? seen?.spec?.acquireTime : undefined) ?? now,
      renewTime: now,
      leaseTransitions: seen && !kept ? transitions + 1 : transitions,
    };
  }

  /** The record is ours from `since` on, the moment before the write was sent. */
  #hold(lease: Lease, since: number): void {
    const { clock } = this.#options;
    this.#seen = { lease, firstSeenAt: clock.monotonic() };
    const until = since + this.#timing.renewDeadlineMs;
    const left = until - clock.monotonic();
    if (this.#lost.signal.aborted || left <= 0) return;
    this.#leadsUntil = until;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(left, () => {
      this.#resign('the lease could not be renewed in time');
    });
    if (!this.#isLeading) this.#lead();
  }

  #lead(): void {
    const { log, lease, identity, metrics, onLeading } = this.#options;
    this.#isLeading = true;
    metrics?.leading(true);
    log.info({ lease: lease.name, identity }, 'leading');
    onLeading(this.#lost.signal);
  }

  #resign(why: string): void {
    const { log, lease, metrics } = this.#options;
    this.#isLeading = false;
    this.#cancelDeadline();
    metrics?.leading(false);
    log.warn({ lease: lease.name, why }, 'no longer leading');
    this.#lost.abort();
  }

  /** So that the next leader need not wait for the record to grow old. */
  async #release(): Promise<void> {
    const { kube, clock, log } = this.#options;
    const lease = this.#seen?.lease;
    if (!lease) return;
    const renewTime = microTime(clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    try {
      await this.#inTime(kube.update(leases, { ...lease, spec }));
    } catch (error) {
      log.warn({ lease: this.#options.lease.name, err: error }, 'leader lease not given back');
    }
  }
}

const holderOf = (lease: Lease | undefined): string | undefined => lease?.spec?.holderIdentity || undefined;
