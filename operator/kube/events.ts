/**
 * Tells people what happened to an object, as `events.k8s.io/v1` Events. Telling is a courtesy: it never fails, delays or
 * floods the caller. The same thing told again becomes a count on the first event, and one object gets only so many writes.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import type { Kube, KubeObject } from './kube.ts';
import { microTime } from './micro-time.ts';
import { events, type Event } from './resources.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface Occurrence {
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, at most 128 characters: what happened, such as `ConfigRefused`. */
  readonly reason: string;
  /** CamelCase, at most 128 characters: what was being done, such as `Apply`. */
  readonly action: string;
  /** For people. What is longer than 1024 bytes is cut. */
  readonly note: string;
}

export interface EventRecorder {
  /** Returns at once. */
  record(occurrence: Occurrence): void;
  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  readonly kube: Pick<Kube, 'create' | 'patch' | 'get'>;
  /** A qualified name such as `lingua.dev/operator`. */
  readonly controller: string;
  /** This process, such as its pod name. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: { written(): void; dropped(why: 'spam' | 'backlog' | 'failed'): void };
}

/** Writes about one object: so many at once, then one in so long. */
const writesPerObject = { burst: 25, refillMs: 300_000 };
/** Occurrences that wait to be written; a server that does not answer must not make us grow. */
const backlogMax = 200;
/** Different events whose counts are remembered; the API forgets them after an hour anyway. */
const rememberedMax = 1_000;
const noteBytesMax = 1024;

export function createEventRecorder(options: RecorderOptions): EventRecorder {
  return new Recorder(options);
}

class Recorder implements EventRecorder {
  readonly #options: RecorderOptions;
  readonly #buckets: TokenBuckets;
  /** By the event's name; the least recently told first. */
  readonly #tallies = new Map<string, Tally>();
  #writing = Promise.resolve();
  #backlog = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#buckets = new TokenBuckets({ ...writesPerObject, clock: options.clock, keysMax: rememberedMax });
  }

  record(occurrence: Occurrence): void {
    try {
      this.#enqueue(occurrence);
    } catch (error) {
      this.#options.log.error({ reason: occurrence.reason, err: error }, 'event not recorded');
    }
  }

  #enqueue(occurrence: Occurrence): void {
    const event = describe(occurrence, this.#options);
    const tally = this.#count(keyOf(event));
    if (!this.#buckets.take(occurrence.regarding.metadata.uid ?? '')) {
      this.#options.metrics?.dropped('spam');
      return;
    }
    if (this.#backlog >= backlogMax) {
      this.#options.metrics?.dropped('backlog');
      return;
    }
    this.#backlog++;
    this.#writing = this.#writing.then(() => this.#write(event, tally));
  }

  flush(): Promise<void> {
    return this.#writing;
  }

  #count(key: string): Tally {
    const tally = this.#tallies.get(key) ?? { told: 0, written: 0 };
    tally.told++;
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    const [oldest] = this.#tallies.keys();
    if (this.#tallies.size > rememberedMax && oldest !== undefined) this.#tallies.delete(oldest);
    return tally;
  }

  async #write(event: Event, tally: Tally): Promise<void> {
    const { metrics, log } = this.#options;
    try {
      if (tally.written === 0) await this.#createOrCount(event, tally);
      else if (tally.written < tally.told) await this.#countOrCreate(event, tally);
      metrics?.written();
    } catch (error) {
      metrics?.dropped('failed');
      log.warn({ event: event.metadata.name, reason: event.reason, err: error }, 'event not written');
    } finally {
      this.#backlog--;
    }
  }

  /** An event that we did not write may still be there from an earlier process: then it is counted on. */
  async #createOrCount(event: Event, tally: Tally): Promise<void> {
    const { kube } = this.#options;
    try {
      await kube.create(events, event);
      tally.written = 1;
    } catch (error) {
      if (toAppError(error).code !== 'conflict') throw error;
      const found = await kube.get(events, placeOf(event));
      tally.told += found?.series?.count ?? 1;
      await this.#setCount(event, tally);
    }
  }

  /** An event that we wrote may have been removed for its age: then it begins anew. */
  async #countOrCreate(event: Event, tally: Tally): Promise<void> {
    try {
      await this.#setCount(event, tally);
    } catch (error) {
      if (toAppError(error).code !== 'not_found') throw error;
      await this.#options.kube.create(events, event);
      tally.told = tally.written = 1;
    }
  }

  async #setCount(event: Event, tally: Tally): Promise<void> {
    const series = { count: tally.told, lastObservedTime: event.eventTime };
    await this.#options.kube.patch(events, placeOf(event), { series });
    tally.written = series.count;
  }
}

/** How often an event was told, and the count that the API knows. */
interface Tally {
  told: number;
  written: number;
}

function describe(
  { regarding, ...what }: Occurrence,
  { clock, controller, instance }: RecorderOptions,
): Event {
  const { apiVersion, kind, metadata } = regarding;
  const { name, namespace = 'default', uid = '', resourceVersion } = metadata;
  const note = shorten(what.note, noteBytesMax);
  return {
    apiVersion: events.apiVersion,
    kind: events.kind,
    metadata: { namespace, name: `${name}.${hash([uid, what.type, what.reason, what.action, note])}` },
    eventTime: microTime(clock.now()),
    reportingController: controller,
    reportingInstance: instance,
    type: what.type,
    reason: what.reason,
    action: what.action,
    note,
    regarding: {
      apiVersion,
      kind,
      name,
      uid,
      ...(metadata.namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

/** The same occurrence has the same name in every process, so that a restarted operator goes on counting. */
const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** At most so many bytes of UTF-8, with no character cut in two. */
function shorten(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  const ellipsis = '…';
  let end = bytesMax - Buffer.byteLength(ellipsis);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + ellipsis;
}

const placeOf = ({ metadata: { namespace = '', name } }: Event) => ({ namespace, name });
const keyOf = ({ metadata: { namespace = '', name } }: Event): string => `${namespace}/${name}`;
