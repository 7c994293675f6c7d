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
  // A name may be anything that JSON can say, `__proto__` as well.
  const of = (name: string) => (Object.hasOwn(before, name) ? before[name] : undefined);
  const parts = Object.entries(after).map(([name, part]) => [name, sharing(of(name), part)] as const);
  const isSame =
    parts.length === Object.keys(before).length &&
    parts.every(([name, part]) => Object.hasOwn(before, name) && part === before[name]);
  return isSame ? before : Object.fromEntries(parts);
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
