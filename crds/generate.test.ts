import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { parse } from 'yaml';
import { generate, typesPath } from './generate.ts';
import { typesOf, type Definition, type Schema } from './typescript.ts';

const definition = parse(
  await readFile(new URL('schedulercluster.yaml', import.meta.url), 'utf8'),
) as Definition;
const root = definition.spec.versions[0]!.schema.openAPIV3Schema;

type Visit = (schema: Schema & Record<string, unknown>, path: string) => void;

function walk(schema: Schema, path: string, visit: Visit): void {
  visit(schema as Schema & Record<string, unknown>, path);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    walk(property, `${path}.${name}`, visit);
  if (schema.items) walk(schema.items, `${path}[]`, visit);
  if (schema.additionalProperties) walk(schema.additionalProperties, `${path}{}`, visit);
}

function faults(find: (schema: Schema & Record<string, unknown>) => boolean, under: string): string[] {
  const found: string[] = [];
  walk(root.properties![under]!, under, (schema, path) => {
    if (find(schema)) found.push(path);
  });
  return found;
}

it('the checked-in types are those of the definition', async () => {
  assert.equal(await generate(), await readFile(typesPath, 'utf8'), 'run `npm run generate`');
});

it('what has a default is not optional in the types', () => {
  const source = typesOf(definition);
  assert.match(source, /\breplicas: number;/);
  assert.match(source, /\burl\?: string;/);
});

it('every string, number, list and map of the spec has bounds', () => {
  const unbounded = faults((schema) => {
    if (schema['x-kubernetes-int-or-string'] || schema.type === 'string')
      return schema['maxLength'] === undefined && !schema.enum;
    if (schema.type === 'integer') return schema['minimum'] === undefined || schema['maximum'] === undefined;
    if (schema.type === 'array') return schema['maxItems'] === undefined;
    return schema.additionalProperties !== undefined && schema['maxProperties'] === undefined;
  }, 'spec');
  assert.deepEqual(unbounded, []);
});

it('every list says how it is merged, and nothing is nullable', () => {
  const bad = (schema: Record<string, unknown>): boolean =>
    schema['nullable'] !== undefined ||
    (schema['type'] === 'array' && schema['x-kubernetes-list-type'] === undefined);
  assert.deepEqual([...faults(bad, 'spec'), ...faults(bad, 'status')], []);
});

it('kubectl explain has a text for every field', () => {
  const silent: string[] = [];
  for (const under of ['spec', 'status'])
    walk(root.properties![under]!, under, (schema, path) => {
      if (!schema.description && !path.endsWith('[]') && !path.endsWith('{}')) silent.push(path);
    });
  assert.deepEqual(silent, []);
});

it('rules explain themselves in words that start with must', () => {
  const rude: string[] = [];
  walk(root, '', (schema, path) => {
    const rules = (schema['x-kubernetes-validations'] ?? []) as { message?: string }[];
    for (const { message } of rules)
      if (!message || !/\bmust\b/.test(message)) rude.push(`${path}: ${message ?? ''}`);
  });
  assert.deepEqual(rude, []);
});
