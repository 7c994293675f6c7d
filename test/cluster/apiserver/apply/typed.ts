/** Objects seen through their schema: which fields they hold, what differs between two, and how they merge. */
import { equal, isObject, type Json, type JsonObject } from '../../../../operator/schema/json.ts';
import { resolve } from '../schema/models.ts';
import {
  anything,
  fieldSchema,
  isAtomicMap,
  listType,
  type Schema,
} from '../../../../operator/schema/schema.ts';
import {
  childOf,
  emptySet,
  fieldEdge,
  isEmpty,
  keyEdge,
  leaf,
  node,
  valueEdge,
  withMember,
  type FieldSet,
} from './field-set.ts';

type Fields = readonly (readonly [string, FieldSet])[];

const typed = (schema: Schema | undefined): Schema => resolve(schema ?? anything);

/** The schema below a field. Where unknown fields are kept, types are taken from the values. */
const below = (schema: Schema, field: string): Schema => typed(fieldSchema(schema, field));

const isGranularMap = (value: Json | undefined, schema: Schema): value is JsonObject =>
  isObject(value) && !isAtomicMap(schema);

const isAssociative = (value: Json | undefined, schema: Schema): value is Json[] =>
  Array.isArray(value) && listType(schema) !== 'atomic';

export const itemSchema = (schema: Schema): Schema => typed(schema.items);

/** The edge that names an item of an associative list. A missing key takes its default. */
export function itemEdge(item: Json, schema: Schema): string {
  if (listType(schema) === 'set') return valueEdge(item);
  const fields = itemSchema(schema).properties ?? {};
  const object = isObject(item) ? item : {};
  const keys = [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort();
  return keyEdge(Object.fromEntries(keys.map((key) => [key, object[key] ?? fields[key]?.default ?? null])));
}

/** All fields that `value` sets. */
export function fieldsOf(value: Json | undefined, declared: Schema): FieldSet {
  const schema = typed(declared);
  if (value === undefined) return emptySet;
  if (isGranularMap(value, schema)) return mapFields(value, schema);
  if (!isAssociative(value, schema) || value.length === 0) return leaf;
  return node(false, listFields(value, schema));
}

function mapFields(value: JsonObject, schema: Schema): FieldSet {
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  if (names.length === 0) return leaf;
  return node(
    false,
    names.map((name) => {
      const set = fieldsOf(value[name], below(schema, name));
      const declared = Object.hasOwn(schema.properties ?? {}, name);
      return [fieldEdge(name), declared ? set : withMember(set)] as const;
    }),
  );
}

const listFields = (value: readonly Json[], schema: Schema): Fields =>
  value.map((item) => [itemEdge(item, schema), withMember(fieldsOf(item, itemSchema(schema)))] as const);

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };
const changed: Comparison = { ...same, modified: leaf };

export function compare(before: Json | undefined, after: Json | undefined, declared: Schema): Comparison {
  const schema = typed(declared);
  if (before === undefined && after === undefined) return same;
  if (before === undefined) return { ...same, added: whole(after, schema) };
  if (after === undefined) return { ...same, removed: whole(before, schema) };
  if (isGranularMap(before, schema) && isGranularMap(after, schema))
    return compareMaps(before, after, schema);
  if (isAssociative(before, schema) && isAssociative(after, schema))
    return compareLists(before, after, schema);
  return equal(before, after) ? same : changed;
}

/** What comes or goes as a whole counts with every path on the way down. */
function whole(value: Json | undefined, schema: Schema): FieldSet {
  if (value === undefined) return emptySet;
  if (isGranularMap(value, schema)) {
    const fields = Object.keys(value).map(
      (name) => [fieldEdge(name), whole(value[name], below(schema, name))] as const,
    );
    return node(true, fields);
  }
  if (!isAssociative(value, schema)) return leaf;
  return node(
    true,
    value.map((item) => [itemEdge(item, schema), whole(item, itemSchema(schema))] as const),
  );
}

function gather(parts: readonly (readonly [string, Comparison])[]): Comparison {
  const pick = (side: keyof Comparison): FieldSet =>
    node(
      false,
      parts.map(([edge, part]) => [edge, part[side]] as const),
    );
  return { added: pick('added'), modified: pick('modified'), removed: pick('removed') };
}

function compareMaps(before: JsonObject, after: JsonObject, schema: Schema): Comparison {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return gather(
    [...names].map((name) => [fieldEdge(name), compare(before[name], after[name], below(schema, name))]),
  );
}

function compareLists(before: readonly Json[], after: readonly Json[], schema: Schema): Comparison {
  const [old, fresh] = [byEdge(before, schema), byEdge(after, schema)];
  const names = new Set([...old.keys(), ...fresh.keys()]);
  return gather(
    [...names].map((edge) => [edge, compare(old.get(edge), fresh.get(edge), itemSchema(schema))]),
  );
}

const byEdge = (list: readonly Json[], schema: Schema): Map<string, Json> =>
  new Map(list.map((item) => [itemEdge(item, schema), item]));

/** `config` laid over `live`: its fields win, everything else stays. */
export function merge(live: Json | undefined, config: Json | undefined, declared: Schema): Json | undefined {
  const schema = typed(declared);
  if (config === undefined) return live;
  if (isGranularMap(live, schema) && isGranularMap(config, schema)) return mergeMaps(live, config, schema);
  if (isAssociative(live, schema) && isAssociative(config, schema)) return mergeLists(live, config, schema);
  return config;
}

function mergeMaps(live: JsonObject, config: JsonObject, schema: Schema): JsonObject {
  const out = { ...live };
  for (const [name, value] of Object.entries(config))
    out[name] = merge(live[name], value, below(schema, name));
  return out;
}

/** Items of `config` keep their order; items only in `live` keep their place before what followed them. */
function mergeLists(live: readonly Json[], config: readonly Json[], schema: Schema): Json[] {
  const wished = byEdge(config, schema);
  const existing = byEdge(live, schema);
  const out: Json[] = [];
  let rest = [...existing];
  for (const [edge, item] of wished) {
    const next = rest.findIndex(([other]) => wished.has(other));
    const others = next < 0 ? rest : rest.slice(0, next);
    out.push(...others.map(([, other]) => other));
    out.push(merge(existing.get(edge), item, itemSchema(schema)) ?? item);
    rest = rest.slice(others.length).filter(([other]) => other !== edge);
  }
  return [...out, ...rest.map(([, other]) => other)];
}

/**
 * `value` without the fields in `gone`. What has become empty goes too, unless it is in `kept`: somebody wants it empty.
 */
export function without(
  value: Json | undefined,
  gone: FieldSet,
  kept: FieldSet,
  declared: Schema,
): Json | undefined {
  const schema = typed(declared);
  if (isEmpty(gone) || value === undefined) return value;
  if (isGranularMap(value, schema)) return mapWithout(value, gone, kept, schema);
  return isAssociative(value, schema) ? listWithout(value, gone, kept, schema) : value;
}

function mapWithout(
  value: JsonObject,
  gone: FieldSet,
  kept: FieldSet,
  schema: Schema,
): JsonObject | undefined {
  const out: JsonObject = {};
  for (const [name, field] of Object.entries(value)) {
    const edge = fieldEdge(name);
    if (childOf(gone, edge).member) continue;
    const rest = without(field, childOf(gone, edge), childOf(kept, edge), below(schema, name));
    if (rest !== undefined) out[name] = rest;
  }
  return Object.keys(out).length > 0 || kept.member ? out : undefined;
}

function listWithout(
  value: readonly Json[],
  gone: FieldSet,
  kept: FieldSet,
  schema: Schema,
): Json[] | undefined {
  const out = value.flatMap((item) => {
    const edge = itemEdge(item, schema);
    if (childOf(gone, edge).member) return [];
    const rest = without(item, childOf(gone, edge), childOf(kept, edge), itemSchema(schema));
    return rest === undefined ? [] : [rest];
  });
  return out.length > 0 || kept.member ? out : undefined;
}
