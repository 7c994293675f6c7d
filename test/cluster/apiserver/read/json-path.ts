/** The simple JSONPath of printer columns: fields, indexes, `[*]` and filters that compare one field. */
import { at, isObject, type Json } from '../../../../operator/schema/json.ts';

type Step = (values: readonly Json[]) => Json[];

const token =
  /\.?(?:\['([^']+)'\]|\[(\*|-?\d+)\]|\[\?\(@\.([\w.-]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([\w.]+))\)\]|\.?((?:[^.[\]\\]|\\.)+))/gy;

export function jsonPath(path: string): (value: Json) => Json[] {
  const steps = [
    ...path
      .replace(/^\{|\}$/g, '')
      .replace(/^\$/, '')
      .matchAll(token),
  ].map(stepOf);
  return (value) => steps.reduce<Json[]>((values, step) => step(values), [value]);
}

function stepOf(match: RegExpMatchArray): Step {
  const [, quoted, index, filterPath, operator, single, double, bare, field] = match;
  if (index === '*') return (values) => values.flatMap(children);
  if (index !== undefined) return (values) => values.flatMap((value) => itemAt(value, Number(index)));
  if (filterPath !== undefined)
    return filter(filterPath.split('.'), operator === '==', single ?? double ?? bare ?? '');
  const name = quoted ?? (field ?? '').replaceAll('\\', '');
  return (values) =>
    values.flatMap((value): Json[] => {
      const found = at(value, name);
      return found === undefined ? [] : [found];
    });
}

const children = (value: Json): Json[] => {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value).filter((item) => item !== undefined) : [];
};

const itemAt = (value: Json, index: number): Json[] => {
  const item = Array.isArray(value) ? value.at(index) : undefined;
  return item === undefined ? [] : [item];
};

const filter =
  (path: readonly string[], wanted: boolean, text: string): Step =>
  (values) =>
    values.flatMap(children).filter((item) => {
      const found = at(item, ...path);
      const shown = typeof found === 'object' ? JSON.stringify(found) : String(found);
      return (shown === text) === wanted;
    });
