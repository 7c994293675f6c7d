/** RFC 7386: null removes, objects merge, everything else replaces. */
import { copy, isObject, type Json, type JsonObject } from '../../../../operator/schema/json.ts';

export function mergePatch(document: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return copy(patch);
  const out: JsonObject = isObject(document) ? { ...document } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(out, field);
    else if (value !== undefined) out[field] = mergePatch(out[field], value);
  }
  return out;
}
