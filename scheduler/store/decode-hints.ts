/** The payload of an inbox entry: a JSON array of hints, written by an instance of perhaps another version. */
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
  const elements = parseArray(payload);
  if (!elements) return { ok: false, reason: 'payload is not a JSON array' };
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
