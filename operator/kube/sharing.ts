/**
 * Values that are equal in most of their parts, such as the pods of one template, kept once. JSON that was read has every string and
 * every object of its own. Pure; nobody changes what was read.
 */

/** As `after`, but made of the parts of `before` wherever they are equal; `before` itself when all is. */
export function sharing<T>(before: unknown, after: T): T {
  if (before === after) return before as T;
  if (Array.isArray(after)) return (Array.isArray(before) ? sharedList(before, after) : after) as T;
  if (!isFields(before) || !isFields(after)) return after;
  return sharedFields(before, after) as T;
}

function sharedList(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  const parts = after.map((part, index) => sharing(before[index], part));
  return before.length === parts.length && parts.every((part, index) => part === before[index])
    ? before
    : parts;
}

function sharedFields(before: Fields, after: Fields): Fields {
  const names = Object.keys(after);
  const parts: Record<string, unknown> = {};
  for (const name of names) parts[name] = sharing(before[name], after[name]);
  const isSame =
    names.length === Object.keys(before).length &&
    names.every((name) => name in before && parts[name] === before[name]);
  return isSame ? before : parts;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
