/** What is wrong with a configuration file, said so that the person who wrote it can mend all of it in one go. */
import type { z } from 'zod';
import { count } from '../../common/count.ts';
import { Config } from './schema.ts';
import { knownPaths, nearestKey } from './nearest-key.ts';
import { lineOf, type LineIndex } from './toml-lines.ts';

export interface Fault {
  readonly line: number | undefined;
  /** Known for a text that is not TOML. */
  readonly column?: number;
  /** Dotted key path; empty for a text that is not TOML. */
  readonly key: string;
  readonly what: string;
}

/** Every fault of a parsed file, in the order of its lines. */
export function faultsOf(error: z.ZodError, document: unknown, lines: LineIndex): Fault[] {
  return error.issues
    .flatMap((issue) => faultsOfIssue(issue, document, lines))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** One message for all faults: `path:line: key: what`, one a line. */
export function describeFaults(path: string, faults: readonly Fault[]): string {
  const lines = faults.map(({ line, column, key, what }) => {
    const place = [path, line, column].filter((part) => part !== undefined).join(':');
    return `  ${[place, key, what].filter((part) => part !== '').join(': ')}`;
  });
  return [`${path} cannot be used (${count(faults.length, 'fault')}):`, ...lines].join('\n');
}

function faultsOfIssue(issue: z.core.$ZodIssue, document: unknown, lines: LineIndex): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...issue.path, key], lines));
  }
  const key = issue.path.map(String).join('.');
  const found = describeFound(valueAt(document, issue.path));
  return [{ line: lineOf(lines, issue.path), key, what: `found ${found}, allowed is ${allowed(issue)}` }];
}

function unknownKey(path: readonly PropertyKey[], lines: LineIndex): Fault {
  const key = path.map(String).join('.');
  const named = path.filter((part) => typeof part !== 'number').map(String);
  const nearest = nearestKey(named.join('.'), knownPaths(Config));
  const advice = nearest ? `; did you mean ${nearest}?` : '';
  return { line: lineOf(lines, path), key, what: `there is no such key${advice}` };
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text in quotes',
  object: 'a table',
  array: 'a list',
};

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'too_small':
      return atLeast(issue.origin, String(issue.minimum));
    case 'too_big':
      return atMost(issue.origin, String(issue.maximum));
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return issue.message;
  }
}

const atLeast = (origin: string, limit: string): string =>
  origin === 'string' ? `at least ${count(Number(limit), 'character')}` : `${limit} or more`;

const atMost = (origin: string, limit: string): string =>
  origin === 'string'
    ? `at most ${count(Number(limit), 'character')}`
    : origin === 'array'
      ? `at most ${count(Number(limit), 'entry', 'entries')}`
      : `${limit} or less`;

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    document,
  );
}

/** Short, and without the password of a URL. */
function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  const said = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  const masked = said.replace(/\/\/[^/@"]*@/g, '//***@');
  return masked.length > 60 ? `${masked.slice(0, 60)}…` : masked;
}
