/**
 * Strategic merge patch, the merge patch that knows lists: items of a list with a merge key are merged one by one. The
 * directives `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…` are those of kubectl.
 */
import {
  copy,
  equal,
  isObject,
  shown,
  type Json,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import { resolve } from '../schema/models.ts';
import { anything, fieldSchema, type Schema } from '../../../../operator/schema/schema.ts';
import { badRequest } from '../status.ts';

export function strategicMerge(
  document: Json | undefined,
  patch: JsonObject,
  declared: Schema,
): JsonObject | undefined {
  const schema = resolve(declared);
  const directive = patch['$patch'];
  if (directive === 'delete') return undefined;
  if (directive === 'replace') return plain(patch);
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(`Unknown patch type found: ${shown(directive)}`);
  }
  const out: JsonObject = retained(isObject(document) ? document : {}, patch);
  for (const [field, value] of Object.entries(patch)) {
    if (!field.startsWith('$')) mergeField(out, field, value, listSchema(schema, field));
    else deleteItems(out, field, value);
  }
  order(out, isObject(document) ? document : {}, patch, schema);
  return out;
}

const listSchema = (schema: Schema, field: string): Schema => resolve(fieldSchema(schema, field) ?? anything);

/** Without its directives a patch is the value it describes. */
function plain(patch: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [field, value] of Object.entries(patch)) {
    if (!field.startsWith('$')) out[field] = copy(value);
  }
  return out;
}

function retained(document: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch['$retainKeys'];
  const out: JsonObject = { ...document };
  if (!Array.isArray(keys)) return out;
  for (const field of Object.keys(out)) if (!keys.includes(field)) Reflect.deleteProperty(out, field);
  return out;
}

function mergeField(out: JsonObject, field: string, value: Json | undefined, schema: Schema): void {
  if (value === null) Reflect.deleteProperty(out, field);
  else if (isObject(value)) setOrDelete(out, field, strategicMerge(out[field], value, schema));
  else if (Array.isArray(value)) out[field] = mergeList(out[field], value, schema);
  else if (value !== undefined) out[field] = value;
}

function setOrDelete(out: JsonObject, field: string, value: JsonObject | undefined): void {
  if (value === undefined) Reflect.deleteProperty(out, field);
  else out[field] = value;
}

function mergeList(current: Json | undefined, patch: Json[], schema: Schema): Json[] {
  const existing = Array.isArray(current) ? current : [];
  const replaces = patch.some((item) => isObject(item) && item['$patch'] === 'replace');
  if (!isMerged(schema) || replaces) {
    const items = patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace'));
    return items.map((item) => (isObject(item) ? plain(item) : item));
  }
  const key = schema['x-kubernetes-patch-merge-key'];
  if (key === undefined)
    return [...existing, ...patch.filter((item) => !existing.some((old) => equal(old, item)))];
  return mergeKeyed(existing, patch, key, schema);
}

function mergeKeyed(existing: readonly Json[], patch: readonly Json[], key: string, schema: Schema): Json[] {
  const out = existing.slice();
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) {
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const index = out.findIndex((old) => isObject(old) && equal(old[key], item[key]));
    const merged = strategicMerge(index < 0 ? undefined : out[index], item, schema.items ?? anything);
    if (index < 0) out.push(...(merged ? [merged] : []));
    else out.splice(index, 1, ...(merged ? [merged] : []));
  }
  return out;
}

const deletion = /^\$deleteFromPrimitiveList\/(.+)$/;

function deleteItems(out: JsonObject, directive: string, value: Json | undefined): void {
  const field = deletion.exec(directive)?.[1];
  const list = field === undefined ? undefined : out[field];
  if (field === undefined || !Array.isArray(list) || !Array.isArray(value)) return;
  out[field] = list.filter((item) => !value.some((gone) => equal(gone, item)));
}

/** Lists that were merged stand in the order of the patch, or in the one it asks for. */
function order(out: JsonObject, before: JsonObject, patch: JsonObject, schema: Schema): void {
  for (const [name, wished] of Object.entries(patch)) {
    const field = name.replace(/^\$setElementOrder\//, '');
    const list = out[field];
    const isOverruled = field === name && patch[`$setElementOrder/${field}`] !== undefined;
    const fields = listSchema(schema, field);
    if (isOverruled || !isMerged(fields) || !Array.isArray(list) || !Array.isArray(wished)) continue;
    const old = before[field];
    out[field] = interleave(
      list,
      wished,
      Array.isArray(old) ? old : [],
      fields['x-kubernetes-patch-merge-key'],
    );
  }
}

const isMerged = (schema: Schema): boolean =>
  schema['x-kubernetes-patch-strategy']?.includes('merge') ?? false;

/**
 * Items that `wished` names, in its order; the others among them, each before the first wished item that it stood before
 * in `old`.
 */
function interleave(
  list: readonly Json[],
  wished: readonly Json[],
  old: readonly Json[],
  key: string | undefined,
): Json[] {
  const keyOf = (item: Json): string =>
    JSON.stringify(key !== undefined && isObject(item) ? item[key] : item);
  const rank = (items: readonly Json[], item: Json): number =>
    items.findIndex((other) => keyOf(other) === keyOf(item));
  const named = list
    .filter((item) => rank(wished, item) >= 0)
    .sort((a, b) => rank(wished, a) - rank(wished, b));
  const others = list.filter((item) => rank(wished, item) < 0);
  const out: Json[] = [];
  for (const item of named) {
    const place = rank(old, item);
    while (others[0] !== undefined && place >= 0 && rank(old, others[0]) < place)
      out.push(...others.splice(0, 1));
    out.push(item);
  }
  return [...out, ...others];
}
