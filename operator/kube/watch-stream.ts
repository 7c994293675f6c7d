/**
 * The body of a watch: one JSON event a line. A line that cannot be read is a failure, never skipped, because the change
 * it told would be lost without a trace. Silence is a failure too: the server sends a bookmark about once a minute.
 */
import type { Readable } from 'node:stream';
import type { Clock } from '../../common/clock.ts';
import { AppError, assertNever } from '../../common/errors.ts';
import { failureOfEvent, type Status } from './failures.ts';
import type { KubeObject, WatchEvent } from './kube.ts';

/** Cuts a stream of bytes into its lines. Throws `unavailable` when it ends in the middle of one. */
export async function* lines(body: AsyncIterable<Buffer>, lineBytesMax: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let held = 0;
  for await (const chunk of body) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    pieces.push(first);
    held += first.length;
    if (held > lineBytesMax)
      throw new AppError('invalid', `a watch event is larger than ${lineBytesMax} bytes`);
    for (const next of rest) {
      yield pieces.join('');
      pieces = [next];
      held = next.length;
    }
  }
  if (held > 0) throw new AppError('unavailable', 'the watch ended in the middle of an event');
}

/** Decodes one line. Throws what an ERROR event tells, or `unavailable` when the line is not an event. */
export function decodeEvent<T extends KubeObject>(line: string, request: string): WatchEvent<T> {
  const event = parseEvent<T>(line, request);
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: event.object };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw failureOfEvent(request, event.object);
    default:
      return assertNever(event);
  }
}

type RawEvent<T> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T } | { type: 'ERROR'; object: Status };

const eventTypes: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function parseEvent<T>(line: string, request: string): RawEvent<T> {
  const value = parseLine(line, request);
  if (!isEvent(value)) throw new AppError('unavailable', `${request}: a line of the watch is not an event`);
  return value as RawEvent<T>;
}

function isEvent(value: unknown): boolean {
  if (!isRecord(value) || !eventTypes.has(value['type']) || !isRecord(value['object'])) return false;
  return value['type'] === 'ERROR' || isRecord(value['object']['metadata']);
}

function parseLine(line: string, request: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new AppError('unavailable', `${request}: a line of the watch is not JSON`, { cause: error });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export interface Patience {
  readonly clock: Clock;
  readonly idleMs: number;
  /** Called when `idleMs` passed without a byte while somebody waited for one. */
  readonly onIdle: () => void;
}

/** The chunks of a body; the idle time runs only while waiting for the next one, not while the reader is busy. */
export async function* impatient(
  body: Readable,
  { clock, idleMs, onIdle }: Patience,
): AsyncGenerator<Buffer> {
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const cancel = clock.after(idleMs, onIdle);
      const next = await chunks.next().finally(cancel);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}
