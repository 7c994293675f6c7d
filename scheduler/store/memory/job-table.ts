/** The jobs in memory. Open ones stand apart: they are few, looked through every second, and never forgotten. */
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { JobRecord, JobRef } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemoryJob {
  readonly record: JobRecord;
  readonly requestId: string | undefined;
  /** By the monotonic clock. */
  readonly dueAt: number;
  /** Of its answer in the outbox; 0 while there is none. */
  readonly seq: number;
}

export class JobTable {
  readonly #open = new Map<string, MemoryJob>();
  readonly #ended: ExpiringMap<MemoryJob>;

  constructor(clock: Clock) {
    this.#ended = new ExpiringMap(clock);
  }

  /** Throws `invalid` for an id that none can have. */
  get(ref: JobRef): MemoryJob | undefined {
    const key = keyOf(ref);
    return this.#open.get(key) ?? this.#ended.get(key);
  }

  open(): MemoryJob[] {
    return [...this.#open.values()];
  }

  set(ref: JobRef, job: MemoryJob): void {
    this.#open.set(keyOf(ref), job);
  }

  /** Sets a job that has ended, and is forgotten after `keepMs`. */
  end(ref: JobRef, job: MemoryJob, keepMs: number): void {
    const key = keyOf(ref);
    this.#open.delete(key);
    this.#ended.set(key, job, keepMs);
  }
}

const keyOf = ({ sessionId, jobId }: JobRef): string =>
  `${checkedId(sessionId, 'session')}/${checkedId(jobId, 'job')}`;
