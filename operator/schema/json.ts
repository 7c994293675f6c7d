/** JSON values and the few questions asked of them everywhere: shape, path, equality, copy. */

export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of field names; undefined as soon as something on the way is missing or no object. */
export function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let here: Json | undefined = value;
  for (const field of path) {
    if (!isObject(here) || !Object.hasOwn(here, field)) return undefined;
    here = here[field];
  }
  return here;
}

export function objectAt(value: Json | undefined, ...path: string[]): JsonObject | undefined {
  const found = at(value, ...path);
  return isObject(found) ? found : undefined;
}

export function listAt(value: Json | undefined, ...path: string[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export const objectsAt = (value: Json | undefined, ...path: string[]): JsonObject[] =>
  listAt(value, ...path).filter(isObject);

export const stringsAt = (value: Json | undefined, ...path: string[]): string[] =>
  listAt(value, ...path).filter((item) => typeof item === 'string');

export function stringAt(value: Json | undefined, ...path: string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: Json | undefined, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** Sets a field deep inside, making the objects on the way. */
export function setAt(object: JsonObject, path: readonly string[], value: Json): void {
  let here = object;
  for (const field of path.slice(0, -1)) {
    const next = here[field];
    if (isObject(next)) here = next;
    else here = here[field] = {};
  }
  here[path.at(-1) ?? ''] = value;
}

/** Removes a field deep inside; its parents stay. */
export function removeAt(object: JsonObject, path: readonly string[]): void {
  const parent = objectAt(object, ...path.slice(0, -1));
  const last = path.at(-1);
  if (parent && last !== undefined) Reflect.deleteProperty(parent, last);
}

/** Gives a field a value only when it has none yet. */
export function fill(object: JsonObject, field: string, value: Json): void {
  if (object[field] === undefined || object[field] === null) object[field] = value;
}

/** Deep equality in which an absent field and an undefined one are the same. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  return (
    Object.keys(a).every((key) => equal(a[key], b[key])) &&
    Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
  );
}

export function copy<T extends Json | undefined>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => copy(item)) as T;
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (field !== undefined) out[key] = copy(field);
  }
  return out as T;
}

/** A value as text for people: strings as they are, nothing for what is missing, everything else as JSON. */
export function shown(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
