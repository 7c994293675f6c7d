/** The LabelSelector struct, as budgets, policies and workloads hold it. An empty one selects everything. */
import {
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';

export function matchesSelector(
  selector: JsonObject | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!selector) return false;
  const equalities = Object.entries(objectAt(selector, 'matchLabels') ?? {});
  return (
    equalities.every(([key, value]) => labels[key] === value) &&
    objectsAt(selector, 'matchExpressions').every((expression) => holds(expression, labels))
  );
}

function holds(expression: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const key = stringAt(expression, 'key') ?? '';
  const value = labels[key];
  const listed = value !== undefined && stringsAt(expression, 'values').includes(value);
  const operator = stringAt(expression, 'operator');
  if (operator === 'In') return listed;
  if (operator === 'NotIn') return !listed;
  return (value !== undefined) === (operator === 'Exists');
}
