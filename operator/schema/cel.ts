/**
 * `x-kubernetes-validations`: CEL rules at every level of a custom resource. Values enter the language by their schema's
 * type, because JSON alone cannot tell 1 from 1.0 or a time from a word.
 */
import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { equal, isObject, type Json } from './json.ts';
import { forbiddenField, invalidOrWhole, required, type FieldError } from './field-error.ts';
import { anything, fieldSchema, listType, type Schema, type ValidationRule } from './schema.ts';
import { registerExtensions } from './cel-extensions.ts';

const environment = registerExtensions(
  new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn'),
);

const programs = new Map<string, ParseResult>();

/** Throws when the expression is no valid CEL. */
export function compile(expression: string): ParseResult {
  const known = programs.get(expression);
  if (known) return known;
  const program = environment.parse(expression);
  const { valid, error } = program.check();
  if (!valid) throw error ?? new Error('invalid expression');
  programs.set(expression, program);
  return program;
}

/** A value as CEL sees it. */
function toCel(value: Json | undefined, schema: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => toCel(item, schema.items ?? anything));
  if (isObject(value)) {
    const fields = Object.keys(value).filter((name) => value[name] !== undefined);
    return Object.fromEntries(
      fields.map((name) => [
        // Keys of a map are data and stay as they are.
        Object.hasOwn(schema.properties ?? {}, name) ? escaped(name) : name,
        toCel(value[name], fieldSchema(schema, name) ?? anything),
      ]),
    );
  }
  if (typeof value === 'number') return number(value, schema);
  if (typeof value === 'string') return text(value, schema);
  return value;
}

function number(value: number, { type }: Schema): unknown {
  if (type === 'number') return value;
  return Number.isInteger(value) ? BigInt(value) : value;
}

function text(value: string, { format }: Schema): unknown {
  if (format === 'date-time' || format === 'date') return new Date(value);
  if (format === 'duration') return environment.evaluate('duration(self)', { self: value });
  return format === 'byte' ? Buffer.from(value, 'base64') : value;
}

const reserved = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

/** Field names that are no identifiers in CEL are written with words for their signs. */
const escaped = (name: string): string =>
  reserved.has(name)
    ? `__${name}__`
    : name
        .replaceAll('__', '__underscores__')
        .replaceAll('.', '__dot__')
        .replaceAll('-', '__dash__')
        .replaceAll('/', '__slash__');

/**
 * All rules of an object, from the root down. `old` is the object before an update: transition rules see it as `oldSelf`,
 * and rules that already failed on an unchanged value are let pass.
 */
export function ruleErrors(
  value: Json | undefined,
  old: Json | undefined,
  schema: Schema,
  path = '',
): FieldError[] {
  if (value === undefined || value === null) return [];
  const rules = schema['x-kubernetes-validations'] ?? [];
  const unchanged = old !== undefined && equal(value, old);
  const here = unchanged ? [] : rules.flatMap((rule) => ruleError(rule, { value, old, schema, path }));
  return [...here, ...(unchanged ? [] : childErrors(value, old, schema, path))];
}

function childErrors(value: Json, old: Json | undefined, schema: Schema, path: string): FieldError[] {
  if (Array.isArray(value)) return itemErrors(value, Array.isArray(old) ? old : [], schema, path);
  if (!isObject(value)) return [];
  const before = isObject(old) ? old : {};
  return Object.entries(value).flatMap(([name, field]) => {
    const below = fieldSchema(schema, name);
    return below ? ruleErrors(field, before[name], below, path === '' ? name : `${path}.${name}`) : [];
  });
}

/** Only keyed lists tell which old item is the same one. */
function itemErrors(
  list: readonly Json[],
  before: readonly Json[],
  schema: Schema,
  path: string,
): FieldError[] {
  const items = schema.items;
  if (!items) return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const twin = (item: Json): Json | undefined =>
    listType(schema) === 'map'
      ? before.find(
          (other) => isObject(other) && isObject(item) && keys.every((key) => equal(other[key], item[key])),
        )
      : undefined;
  return list.flatMap((item, index) => ruleErrors(item, twin(item), items, `${path}[${index}]`));
}

interface Subject {
  readonly value: Json;
  readonly old: Json | undefined;
  readonly schema: Schema;
  readonly path: string;
}

function ruleError(rule: ValidationRule, subject: Subject): FieldError[] {
  const { value, old, schema, path } = subject;
  const isTransition = /\boldSelf\b/.test(rule.rule);
  if (isTransition && old === undefined && rule.optionalOldSelf !== true) return [];
  const context = { self: toCel(value, schema), oldSelf: oldSelf(rule, old, schema) };
  const field = path + (rule.fieldPath ?? '');
  try {
    const holds = compile(rule.rule)(context) === true;
    return holds ? [] : [failure(rule, context, field, value)];
  } catch (error) {
    const why = (error as Error).message.split('\n')[0] ?? '';
    return [
      invalidOrWhole(path, value, `${why.toLowerCase()} evaluating rule: ${rule.message ?? rule.rule}`),
    ];
  }
}

function oldSelf(rule: ValidationRule, old: Json | undefined, schema: Schema): unknown {
  if (rule.optionalOldSelf !== true) return toCel(old, schema) ?? null;
  if (old === undefined) return environment.evaluate('optional.none()', { self: null, oldSelf: null });
  return environment.evaluate('optional.of(self)', { self: toCel(old, schema), oldSelf: null });
}

function failure(
  rule: ValidationRule,
  context: Record<string, unknown>,
  path: string,
  value: Json,
): FieldError {
  const field = path.replace(/^\./, '') || '<nil>';
  const message = messageOf(rule, context);
  if (rule.reason === 'FieldValueForbidden') return forbiddenField(field, message);
  if (rule.reason === 'FieldValueRequired') return required(field, message);
  if (rule.reason === 'FieldValueDuplicate')
    return { field, reason: rule.reason, message: `Duplicate value: ${message}` };
  return invalidOrWhole(field, value, message);
}

/** A message expression that fails or gives nothing leaves the plain message. */
function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  context: Record<string, unknown>,
): string {
  const plain = message ?? `failed rule: ${rule.trim()}`;
  if (messageExpression === undefined) return plain;
  try {
    const said: unknown = compile(messageExpression)(context);
    return typeof said === 'string' && said.trim() !== '' && !said.includes('\n') ? said : plain;
  } catch {
    return plain;
  }
}
