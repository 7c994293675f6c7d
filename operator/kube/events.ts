/**
 * Tells people what happened to an object, as `events.k8s.io/v1` Events. Telling is a courtesy: it never fails, delays or
 * floods the caller. The same thing told again becomes a count on the first event, and one object gets only so many writes.
 * What is told of one object is written in order, and waits for no other object.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import type { Kube, KubeObject } from './kube.ts';
import { microTime } from './micro-time.ts';
import { WorkQueue } from './queue.ts';
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
  /** Resolves when nothing waits any more: everything recorded is written or given up. */
  flush(): Promise<void>;
}

export interface RecorderOptions {
  readonly kube: Pick<Kube, 'create' | 'patch' | 'get'>;
  /** A qualified name such as `lingua.dev/operator`. */
  readonly controller: string;
  /** This process, such as its pod name. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: { written(): void; dropped(why: 'spam' | 'backlog' | 'failed'): void };
}

/** Writes about one object: so many at once, then one in so long. */
const writesPerObject = { burst: 25, refillMs: 300_000 };
/** Occurrences that wait to be written, of one object and of all; a server that does not answer must not make us grow. */
const backlogMax = { perObject: 10, all: 1_000 };
/** Objects whose events are written at a time. */
const writers = 2;
/** Different events whose counts are remembered; the API forgets them after an hour anyway. */
const rememberedMax = 1_000;
const noteBytesMax = 1024;

export function createEventRecorder(options: RecorderOptions): EventRecorder {
  return new Recorder(options);
}

interface Waiting {
  readonly event: Event;
  readonly tally: Tally;
}

class Recorder implements EventRecorder {
  readonly #options: RecorderOptions;
  readonly #buckets: TokenBuckets;
  /** By the event's name; the least recently told first. */
  readonly #tallies = new Map<string, Tally>();
  /** What waits to be written, by the uid of the object, oldest first. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #queue: WorkQueue;
  #backlog = 0;
  #flushed: (() => void)[] = [];

  constructor(options: RecorderOptions) {
    const { clock, random, log } = options;
    this.#options = options;
    this.#buckets = new TokenBuckets({ ...writesPerObject, clock, keysMax: rememberedMax });
    this.#queue = new WorkQueue({
      ...{ clock, random, log, workers: writers },
      work: (uid) => this.#writeNext(uid),
    });
    this.#queue.start();
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
    const { uid = '' } = occurrence.regarding.metadata;
    if (!this.#buckets.take(uid)) {
      this.#options.metrics?.dropped('spam');
      return;
    }
    const waiting = this.#waiting.get(uid) ?? [];
    if (waiting.length >= backlogMax.perObject || this.#backlog >= backlogMax.all) {
      this.#options.metrics?.dropped('backlog');
      return;
    }
    this.#backlog++;
    waiting.push({ event, tally });
    this.#waiting.set(uid, waiting);
    this.#queue.add(uid);
  }

  flush(): Promise<void> {
    if (this.#backlog === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  /** One event at a time, so that objects take turns. */
  async #writeNext(uid: string): Promise<Record<string, never>> {
    const waiting = this.#waiting.get(uid) ?? [];
    const [next] = waiting;
    if (!next) return {};
    await this.#write(next);
    waiting.shift();
    if (waiting.length === 0) this.#waiting.delete(uid);
    else this.#queue.add(uid);
    this.#done();
    return {};
  }

  #done(): void {
    this.#backlog--;
    if (this.#backlog > 0) return;
    for (const resolve of this.#flushed) resolve();
    this.#flushed = [];
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

  async #write({ event, tally }: Waiting): Promise<void> {
    const { metrics, log } = this.#options;
    try {
      if (tally.written === 0) await this.#createOrCount(event, tally);
      else if (tally.written < tally.told) await this.#countOrCreate(event, tally);
      metrics?.written();
    } catch (error) {
      metrics?.dropped('failed');
      log.warn({ event: event.metadata.name, reason: event.reason, err: error }, 'event not written');
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
