/** One fault in one field, in the words of the API machinery. `message` starts with the kind of fault. */
import { isObject, type Json } from './json.ts';

export interface FieldError {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

const withDetail = (message: string, detail: string): string => (detail ? `${message}: ${detail}` : message);

/** Strings are quoted, everything else is JSON. */
const shown = (value: Json | undefined): string => JSON.stringify(value ?? null);

export const required = (field: string, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  message: withDetail('Required value', detail),
});

export const invalidValue = (field: string, value: Json | undefined, detail: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  message: withDetail(`Invalid value: ${shown(value)}`, detail),
});

/** For whole objects and lists, whose value would drown the message. */
export const invalidWhole = (field: string, detail: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${detail}`,
});

export const invalidOrWhole = (field: string, value: Json | undefined, detail: string): FieldError =>
  isObject(value) || Array.isArray(value) ? invalidWhole(field, detail) : invalidValue(field, value, detail);

export const typeInvalid = (field: string, shownType: Json, detail: string): FieldError => ({
  field,
  reason: 'FieldValueTypeInvalid',
  message: `Invalid value: ${shown(shownType)}: ${detail}`,
});

export const notSupported = (
  field: string,
  value: Json | undefined,
  supported: readonly Json[],
): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
});

export const duplicate = (field: string, value: Json): FieldError => ({
  field,
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shown(value)}`,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  message: withDetail('Forbidden', detail),
});

export const tooLong = (field: string, maxBytes: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${maxBytes} bytes`,
});

export const tooMany = (field: string, count: number, max: number): FieldError => ({
  field,
  reason: 'FieldValueTooMany',
  message: `Too many: ${count}: must have at most ${max} items`,
});
