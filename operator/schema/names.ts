/** Which names objects may have, with the API's own explanations. */
import { invalidValue, tooLong, type FieldError } from './field-error.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const namePart = /^[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/;

export type NameCheck = 'label' | 'label1035' | 'subdomain' | 'path';

const rules: Readonly<Record<Exclude<NameCheck, 'path'>, { form: RegExp; max: number; detail: string }>> = {
  label: {
    form: label,
    max: 63,
    detail:
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
      "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  },
  label1035: {
    form: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    max: 63,
    detail:
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with " +
      "an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  },
  subdomain: {
    form: subdomain,
    max: 253,
    detail:
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
      "alphanumeric character (e.g. 'example.com', regex used for validation is " +
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  },
};

export const isDnsLabel = (name: string): boolean => name.length <= 63 && label.test(name);

export function nameErrors(check: NameCheck, name: string, field: string): FieldError[] {
  if (check === 'path') {
    const wrong = name === '.' || name === '..' || /[/%]/.test(name);
    return wrong ? [invalidValue(field, name, "may not contain '/' or '%', nor be '.' or '..'")] : [];
  }
  const { form, max, detail } = rules[check];
  return [
    ...(name.length > max
      ? [invalidValue(field, name, `must be no more than ${max} ${max > 63 ? 'characters' : 'bytes'}`)]
      : []),
    ...(form.test(name) ? [] : [invalidValue(field, name, detail)]),
  ];
}

const qualifiedForm =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const valueDetail =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

export function labelErrors(labels: Readonly<Record<string, string>>, field: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key, field),
    ...(value.length > 63 ? [invalidValue(field, value, 'must be no more than 63 bytes')] : []),
    ...(labelValue.test(value) ? [] : [invalidValue(field, value, valueDetail)]),
  ]);
}

/** A name, and before it at most one `/` with the domain of whoever gave it. */
export function qualifiedNameErrors(key: string, field: string): FieldError[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    const prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [invalidValue(field, key, `a valid label key ${qualifiedForm} ${prefixed}`)];
  }
  const details = [
    ...(parts.length === 2 ? prefixFaults(parts[0] ?? '') : []),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? ['name part must be no more than 63 bytes'] : []),
    ...(namePart.test(name) ? [] : [`name part ${qualifiedForm}`]),
  ];
  return details.map((detail) => invalidValue(field, key, detail));
}

function prefixFaults(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return [
    ...(prefix.length > 253 ? ['prefix part must be no more than 253 bytes'] : []),
    ...(subdomain.test(prefix) ? [] : [`prefix part ${rules.subdomain.detail}`]),
  ];
}

const annotationsMaxBytes = 256 * 1024;

export function annotationErrors(annotations: Readonly<Record<string, string>>, field: string): FieldError[] {
  const entries = Object.entries(annotations);
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  const errors = entries.flatMap(([key]) => qualifiedNameErrors(key.toLowerCase(), field));
  return bytes > annotationsMaxBytes ? [...errors, tooLong(field, annotationsMaxBytes)] : errors;
}
