/** How a patch changes an object: JSON merge patch, and server-side apply of one manager. Both return a new value. */
import { isDeepStrictEqual } from 'node:util';

export const equal = isDeepStrictEqual;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7386: null removes a field, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result = fieldsOf(target);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, mergePatch(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** The live object with `wish` merged in, and without what the same manager held by its previous wish and no longer wants. */
export function mergeApplied(live: unknown, previous: unknown, wish: unknown): unknown {
  if (!isFields(wish)) return wish;
  const result = fieldsOf(live);
  const old = fieldsOf(previous);
  for (const [name, value] of old) if (!(name in wish)) withdraw(result, name, value);
  for (const [name, value] of Object.entries(wish)) {
    result.set(name, mergeApplied(result.get(name), old.get(name), value));
  }
  return Object.fromEntries(result);
}

/** Removes what a manager held in a field, and the field itself when nothing of others is left in it. */
function withdraw(fields: Map<string, unknown>, name: string, held: unknown): void {
  const live = fields.get(name);
  const rest = fieldsOf(live);
  if (isFields(live)) for (const [inner, value] of fieldsOf(held)) withdraw(rest, inner, value);
  if (isFields(held) && rest.size > 0) fields.set(name, Object.fromEntries(rest));
  else fields.delete(name);
}

const fieldsOf = (value: unknown): Map<string, unknown> =>
  new Map(isFields(value) ? Object.entries(value) : []);
