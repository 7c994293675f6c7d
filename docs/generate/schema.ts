/** What the two lists of settings have in common: both are JSON Schema. */
import { filled, type Tongue } from './tongue.ts';

export interface Rule {
  readonly rule: string;
  readonly message?: string;
  /** The field that the message is about, when it is not the whole. */
  readonly fieldPath?: string;
}

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

export const childrenOf = (schema: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries(schema.properties ?? {});

/** `integer`, `list of string`, `map of string`. */
export function typeOf(tongue: Tongue, schema: Schema): string {
  const word = (key: string, english: string) => tongue.tell(`words/type ${key}`, english);
  const of = (text: string, inner: Schema) => filled(text, { type: typeOf(tongue, inner) });
  if (schema['x-kubernetes-int-or-string']) return word('integer or string', 'integer or string');
  if (schema.type === 'array') return of(word('list', 'list of {type}'), schema.items ?? {});
  const { additionalProperties: values } = schema;
  if (schema.type === 'object' && typeof values === 'object') return of(word('map', 'map of {type}'), values);
  return schema.type === undefined ? word('any', 'any') : word(schema.type, schema.type);
}

/** What may be said, in words: `1 to 64`, `at most 8`, `single, cluster`. */
export function allowed(tongue: Tongue, schema: Schema): string {
  if (schema.enum) return schema.enum.map(String).join(', ');
  const { type, minimum, maximum, minItems, maxItems, minLength, maxLength } = schema;
  if (type === 'array') return range(tongue, minItems, maxItems);
  if (type !== 'string') return range(tongue, minimum, maximum);
  if (maxLength === undefined) return '';
  return filled(tongue.tell('words/range of characters', '{range} characters'), {
    range: range(tongue, minLength, maxLength),
  });
}

function range(tongue: Tongue, least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return '';
  const values = { least: numeral(least ?? 0), most: numeral(most ?? 0) };
  if (most === undefined) return filled(tongue.tell('words/range from', '{least} or more'), values);
  return least === undefined
    ? filled(tongue.tell('words/range up to', 'at most {most}'), values)
    : filled(tongue.tell('words/range', '{least} to {most}'), values);
}

const numeral = (value: number): string =>
  value === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : value.toLocaleString('en');

export const defaultOf = ({ default: value }: Schema): string =>
  value === undefined ||
  (typeof value === 'object' && Object.keys(value ?? {}).length === 0 && !Array.isArray(value))
    ? ''
    : JSON.stringify(value);
