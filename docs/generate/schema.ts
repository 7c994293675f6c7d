/** What the two lists of settings have in common: both are JSON Schema. */

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
export function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  const { additionalProperties: values } = schema;
  if (schema.type === 'object' && typeof values === 'object') return `map of ${typeOf(values)}`;
  return schema.type ?? 'any';
}

/** What may be said, in words: `1 to 64`, `at most 8`, `single, cluster`. */
export function allowed(schema: Schema): string {
  if (schema.enum) return schema.enum.map(String).join(', ');
  const { type, minimum, maximum, minItems, maxItems, minLength, maxLength } = schema;
  if (type === 'array') return range(minItems, maxItems);
  if (type === 'string') return maxLength === undefined ? '' : `${range(minLength, maxLength)} characters`;
  return range(minimum, maximum);
}

function range(least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return `${String(least)} or more`;
  const upTo = most === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : most.toLocaleString('en');
  return least
    ? `${least.toLocaleString('en')} to ${upTo}`
    : least === 0
      ? `0 to ${upTo}`
      : `at most ${upTo}`;
}

export const defaultOf = ({ default: value }: Schema): string =>
  value === undefined ||
  (typeof value === 'object' && Object.keys(value ?? {}).length === 0 && !Array.isArray(value))
    ? ''
    : JSON.stringify(value);
