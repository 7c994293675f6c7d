/**
 * Sets of field paths, the currency of server-side apply. A set is a tree whose edges are written as in `fieldsV1`:
 * `f:name` for a field, `k:{"name":"a"}` for an item of a keyed list, `v:"a"` for a member of a set.
 */
import { isObject, type Json, type JsonObject } from '../../../../operator/schema/json.ts';

export interface FieldSet {
  /** Whether the path that leads here is itself in the set. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { member: false, children: new Map() };
export const leaf: FieldSet = { member: true, children: new Map() };

export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

/** A set from its parts; branches without members are left out. */
export function node(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  return { member, children: new Map([...children].filter(([, child]) => !isEmpty(child))) };
}

export const withMember = (set: FieldSet): FieldSet => ({ ...set, member: true });

const edges = (a: FieldSet, b: FieldSet): Set<string> =>
  new Set([...a.children.keys(), ...b.children.keys()]);

export const childOf = (set: FieldSet, edge: string): FieldSet => set.children.get(edge) ?? emptySet;

function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  if (isEmpty(a) && isEmpty(b)) return emptySet;
  return node(
    keep(a.member, b.member),
    [...edges(a, b)].map((edge) => [edge, combine(childOf(a, edge), childOf(b, edge), keep)] as const),
  );
}

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA || inB);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && !inB);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && inB);

/** `a` without the paths of `b` and everything below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (b.member) return emptySet;
  if (b.children.size === 0) return a;
  return node(
    a.member,
    [...a.children].map(([edge, child]) => [edge, recursiveDifference(child, childOf(b, edge))] as const),
  );
}

/** The set of the given paths, each a list of edges. */
export const setOf = (...paths: readonly (readonly string[])[]): FieldSet =>
  paths.map(pathSet).reduce(union, emptySet);

const pathSet = (path: readonly string[]): FieldSet =>
  path.toReversed().reduce<FieldSet>((set, edge) => node(false, [[edge, set]]), leaf);

/** All paths, those of one level before those below it. */
export function* pathsOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  const children = [...set.children].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [edge, child] of children) if (child.member) yield [...prefix, edge];
  for (const [edge, child] of children) yield* pathsOf(child, [...prefix, edge]);
}

export const fieldEdge = (field: string): string => `f:${field}`;
export const keyEdge = (keys: JsonObject): string => `k:${JSON.stringify(keys)}`;
export const valueEdge = (value: Json): string => `v:${JSON.stringify(value)}`;

/** `fieldsV1`: a leaf is `{}`; a member with children says so with `.`. */
export function encode(set: FieldSet): JsonObject {
  const out: JsonObject = set.member && set.children.size > 0 ? { '.': {} } : {};
  for (const edge of [...set.children.keys()].sort()) out[edge] = encode(childOf(set, edge));
  return out;
}

export function decode(fields: JsonObject): FieldSet {
  const children = Object.entries(fields).filter(([edge]) => edge !== '.');
  return node(
    '.' in fields || children.length === 0,
    children.map(([edge, value]) => [edge, decode(isObject(value) ? value : {})] as const),
  );
}

/** The path as errors show it: `.spec.ports[port=80,protocol="TCP"].name`. */
export const pathText = (path: readonly string[]): string => path.map(edgeText).join('');

function edgeText(edge: string): string {
  const content = edge.slice(2);
  if (edge.startsWith('f:')) return `.${content}`;
  if (edge.startsWith('v:')) return `[=${content}]`;
  const keys = JSON.parse(content) as JsonObject;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
}
