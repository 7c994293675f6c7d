/** Printer columns of custom resources: a JSONPath each, plus the name that every table begins with. */
import type { Column } from '../kinds/kind.ts';
import { numberAt, stringAt, type Json, type JsonObject } from '../../../../operator/schema/json.ts';
import { age } from './age.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { jsonPath } from './json-path.ts';

export function printerColumns(definitions: readonly JsonObject[]): Column[] {
  return [nameColumn, ...(definitions.length === 0 ? [ageColumn] : definitions.map(printerColumn))];
}

function printerColumn(definition: JsonObject): Column {
  const type = (stringAt(definition, 'type') ?? 'string') as Column['type'];
  const path = jsonPath(stringAt(definition, 'jsonPath') ?? '');
  const format = stringAt(definition, 'format');
  return {
    name: stringAt(definition, 'name') ?? '',
    type,
    description: stringAt(definition, 'description') ?? '',
    ...(format ? { format } : {}),
    priority: numberAt(definition, 'priority') ?? 0,
    cell: (object, now) => cell(path(object), type, now),
  };
}

/** A value that does not fit the column's type is left blank, as is a missing one. */
function cell(found: readonly Json[], type: Column['type'], now: number): Json {
  const [value] = found;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'date':
      return typeof value === 'string' ? age(value, now) : null;
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
