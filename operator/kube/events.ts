/**
 * Tells people what happened to an object, as `events.k8s.io/v1` Events. Telling is a courtesy: it never fails, delays or
 * floods the caller. The same thing told again soon becomes a count on the first event, and one object gets only so many writes.
 * What is told of one object is written in order, and waits for no other object.
 * Names follow the order of telling: `kubectl describe` lists events of this form by name, and is to read like a story.
 */
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
  readonly kube: Pick<Kube, 'create' | 'patch'>;
  /** A qualified name such as `lingua.dev/operator`. */
  readonly controller: string;
  /** This process, such as its pod name. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: { written(): void; dropped(why: 'spam' | 'backlog' | 'failed'): void };
}

/** Writes about one object, warnings counted apart: so many at once, then one in so long. A fleet of 64 that is rolled has more to tell than most objects. */
const writesPerObject = { burst: 100, refillMs: 30_000 };
/** What is told again later than this is a new event: a count on an old one would stand where that one stood in the story. */
const sameWithinMs = 60_000;
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
  /** By what is told of whom; the least recently told first. */
  readonly #tallies = new Map<string, Tally>();
  /** What waits to be written, by the uid of the object, oldest first. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #queue: WorkQueue;
  #lastName = 0n;
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
    const tally = this.#count(keyOf(occurrence));
    const event = describe(occurrence, tally.name, this.#options);
    const { uid = '' } = occurrence.regarding.metadata;
    if (!this.#buckets.take(`${uid} ${occurrence.type}`)) {
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
    const now = this.#options.clock.monotonic();
    const before = this.#tallies.get(key);
    const isSame = before && now - before.toldAt < sameWithinMs;
    const tally = isSame ? before : { name: this.#nextName(), told: 0, written: 0, toldAt: now };
    tally.told++;
    tally.toldAt = now;
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    const [oldest] = this.#tallies.keys();
    if (this.#tallies.size > rememberedMax && oldest !== undefined) this.#tallies.delete(oldest);
    return tally;
  }

  /** The time in nanoseconds, as the names of other programs' events; never twice the same, also within a millisecond. */
  #nextName(): string {
    const now = BigInt(this.#options.clock.now()) * 1_000_000n;
    this.#lastName = now > this.#lastName ? now : this.#lastName + 1n;
    return this.#lastName.toString(16).padStart(16, '0');
  }

  async #write({ event, tally }: Waiting): Promise<void> {
    const { metrics, log } = this.#options;
    try {
      if (tally.written === 0) await this.#create(event, tally);
      else if (tally.written < tally.told) await this.#countOrCreate(event, tally);
      metrics?.written();
    } catch (error) {
      metrics?.dropped('failed');
      log.warn({ event: event.metadata.name, reason: event.reason, err: error }, 'event not written');
    }
  }

  /** A name that is taken is ours: an earlier try was done and its answer lost. */
  async #create(event: Event, tally: Tally): Promise<void> {
    try {
      await this.#options.kube.create(events, event);
    } catch (error) {
      if (toAppError(error).code !== 'conflict') throw error;
    }
    tally.written = 1;
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

/** An event by the end of its name, how often it was told and when last, and the count that the API knows. */
interface Tally {
  readonly name: string;
  told: number;
  toldAt: number;
  written: number;
}

function describe(
  { regarding, ...what }: Occurrence,
  endOfName: string,
  { clock, controller, instance }: RecorderOptions,
): Event {
  const { apiVersion, kind, metadata } = regarding;
  const { name, namespace = 'default', uid = '', resourceVersion } = metadata;
  const note = shorten(what.note, noteBytesMax);
  return {
    apiVersion: events.apiVersion,
    kind: events.kind,
    metadata: { namespace, name: `${name}.${endOfName}` },
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
const keyOf = ({ regarding, type, reason, action, note }: Occurrence): string =>
  JSON.stringify([regarding.metadata.uid, type, reason, action, note]);
