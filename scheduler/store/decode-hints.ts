/**
 * The payload of an inbox entry: a JSON array of hints, perhaps with lines behind it (`hint-lines.ts`); written by an
 * instance of perhaps another version.
 */
import { HintLines } from './hint-lines.ts';
import { Hint } from './hints.ts';
import { readHotHint } from './hot-hints.ts';

export type DecodedHints =
  | {
      readonly ok: true;
      readonly hints: readonly Hint[];
      /** Elements left out: of a type we do not know, or malformed beside good ones. */
      readonly dropped: number;
    }
  | { readonly ok: false; readonly reason: string };

const knownTypes: ReadonlySet<unknown> = new Set(
  Hint.options.flatMap((option) => [...option.shape.type.values]),
);

export const encodeHints = (hints: readonly Hint[]): string => JSON.stringify(hints);

/** Never throws: what cannot be read at all is an answer, and the entry belongs in the dead letters. */
export function decodeHints(payload: string | undefined): DecodedHints {
  if (payload === undefined) return { ok: false, reason: 'no payload field' };
  const elements = elementsOf(payload);
  if (typeof elements === 'string') return { ok: false, reason: elements };
  const hints: Hint[] = [];
  let malformed = 0;
  for (const element of elements) {
    const hot = readHotHint(element);
    if (hot) {
      hints.push(hot);
      continue;
    }
    const parsed = Hint.safeParse(element);
    if (parsed.success) hints.push(parsed.data);
    else if (knownTypes.has(typeOf(element))) malformed += 1;
  }
  if (malformed > 0 && malformed === elements.length) return { ok: false, reason: 'malformed hints' };
  return { ok: true, hints, dropped: elements.length - hints.length };
}

/** What the array stands for, or why it cannot be known. */
function elementsOf(payload: string): readonly unknown[] | string {
  const end = payload.indexOf('\n');
  const array = parseArray(end === -1 ? payload : payload.slice(0, end));
  if (!array) return 'payload is not a JSON array';
  if (end === -1) return array;
  const lines = new HintLines(payload, end + 1);
  const elements = array.flatMap((element) => lines.expand(element));
  return lines.spent ? elements : 'not one line for each job';
}

function parseArray(payload: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function typeOf(element: unknown): unknown {
  return typeof element === 'object' && element !== null && 'type' in element ? element.type : undefined;
}
