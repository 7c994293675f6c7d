/** A dead letter as a person reads it: the hints in it as JSON, what is JSON inside text opened, and speech left out. Pure. */
import { decodeHints } from '../store/decode-hints.ts';
import type { DeadLetter } from '../store/store.ts';

/** Fields that hold speech, in hints and in the messages inside them. */
const speech: ReadonlySet<string> = new Set(['audio', 'tts_audio', 'ttsAudio', 'payload']);

/** A longer text is named by its length. */
const longestText = 400;

export interface ShownDeadLetter {
  readonly id: string;
  readonly reason: string;
  readonly deliveries: number;
  readonly movedAt: string;
  readonly source: string;
  readonly sourceId: string;
  /** Undefined when the payload cannot be read. */
  readonly hints: readonly unknown[] | undefined;
  /** The beginning of a payload that cannot be read. */
  readonly unreadable: string | undefined;
  readonly bytes: number;
}

export function shownDeadLetter(letter: DeadLetter): ShownDeadLetter {
  const { id, reason, deliveries, movedAtMs, sourceStream, sourceId, payload } = letter;
  const decoded = decodeHints(payload);
  return {
    id,
    reason,
    deliveries,
    movedAt: new Date(Number.isFinite(movedAtMs) ? movedAtMs : 0).toISOString(),
    source: sourceStream,
    sourceId,
    hints: decoded.ok ? decoded.hints.map((hint) => withoutSpeech(hint)) : undefined,
    unreadable: decoded.ok ? undefined : shortened(payload),
    bytes: Buffer.byteLength(payload),
  };
}

/** `assign s-1/job-1, results s-2`: what the hints are about, in a line. */
export function summaryOf({ payload }: DeadLetter): string {
  const decoded = decodeHints(payload);
  if (!decoded.ok) return `cannot be read: ${decoded.reason}`;
  return decoded.hints
    .map((hint) => {
      const about = [
        'session_id' in hint ? hint.session_id : undefined,
        'job_id' in hint ? hint.job_id : undefined,
      ].filter((id) => id !== undefined);
      return [hint.type, ...(about.length > 0 ? [about.join('/')] : [])].join(' ');
    })
    .join(', ');
}

function withoutSpeech(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    if (speech.has(key)) return `<${String(value.length)} characters of speech>`;
    return opened(value) ?? shortened(value);
  }
  if (Array.isArray(value)) return value.map((one) => withoutSpeech(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutSpeech(inner, name)]));
}

/** The value of a text that is a JSON object itself. */
function opened(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return withoutSpeech(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const shortened = (text: string): string =>
  text.length <= longestText
    ? text
    : `${text.slice(0, longestText)}… <${String(text.length)} characters in all>`;
