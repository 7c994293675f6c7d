/** `spec.config` and the scheduler's own list of keys say the same, key by key, in both directions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse as parseToml } from 'smol-toml';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Definition, Schema } from '../../crds/typescript.ts';
import { renderToml } from '../../operator/resources/toml.ts';
import type { JsonObject } from '../../operator/schema/json.ts';
import { check } from '../../operator/validate/check.ts';
import { readConfig } from '../../scheduler/config/load.ts';
import { Config, ineffectiveKeys } from '../../scheduler/config/schema.ts';
import { sampleCluster } from './sample.ts';

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
  readonly items?: Node;
  readonly required?: readonly string[];
}

/** Written by the operator itself, or of no use in a pod. */
const notInTheSpec: Readonly<Record<string, string>> = {
  'server.port': 'fixed by the contract of the workload',
  'server.host': 'fixed by the contract of the workload',
  'admin.port': 'fixed by the contract of the workload',
  'scheduler.drain_timeout_seconds': 'spec.drain',
  'scheduler.phase2.enabled': 'several instances always share one Redis',
  'scheduler.phase2.instance_id': 'the name of the pod',
  'scheduler.load_balancer.strategy': 'there is only one',
  'scheduler.phase3.mode': 'there is only one',
  'model_hub.storage_path': 'there is no such folder in a pod',
  log: 'the file system of a pod is read-only, and stdout is collected',
  'scheduler.phase2.redis': 'spec.redis',
};

const isUnder = (key: string, top: string): boolean => key === top || key.startsWith(`${top}.`);

function leaves(node: Node, path: string, found = new Map<string, Node>()): Map<string, Node> {
  const entries = Object.entries(node.properties ?? {});
  if (entries.length === 0) found.set(path, node);
  for (const [name, child] of entries) leaves(child, path ? `${path}.${name}` : name, found);
  return found;
}

const snakeCased = (path: string): string => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const definition = parse(
  readFileSync(new URL('../../crds/schedulercluster.yaml', import.meta.url), 'utf8'),
) as Definition;
const spec = definition.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!;
const config = spec.properties!['config']! as Schema & Node;

const ofSpec = new Map([...leaves(config, '')].map(([path, node]) => [snakeCased(path), node]));
const ofScheduler = new Map(
  [...leaves(z.toJSONSchema(Config, { io: 'input' }) as Node, '')].filter(
    ([path]) => ![...ineffectiveKeys, ...Object.keys(notInTheSpec)].some((top) => isUnder(path, top)),
  ),
);

it('every key that has an effect can be set, and no other', () => {
  assert.ok(ofScheduler.size > 50, 'the list of the scheduler was read');
  assert.deepEqual([...ofSpec.keys()].sort(), [...ofScheduler.keys()].sort());
});

it('what is left out is still a key of the scheduler', () => {
  const all = [...leaves(z.toJSONSchema(Config, { io: 'input' }) as Node, '').keys()];
  for (const top of Object.keys(notInTheSpec))
    assert.ok(
      all.some((path) => isUnder(path, top)),
      top,
    );
});

describe('key by key', () => {
  for (const [path, mine] of ofSpec) {
    const theirs = ofScheduler.get(path);
    if (!theirs) continue;
    it(`${path} accepts nothing that the scheduler refuses, and has its default`, () => {
      if (mine.minimum !== undefined) assert.ok(mine.minimum >= theirs.minimum!, 'minimum');
      if (mine.maximum !== undefined) assert.ok(mine.maximum <= theirs.maximum!, 'maximum');
      if (mine.enum) assert.deepEqual([...mine.enum].sort(), [...theirs.enum!].sort());
      if (mine.default !== undefined) assert.deepEqual(mine.default, theirs.default);
      else assert.ok(textOf(path).includes(String(theirs.default)), 'its text tells the default');
    });

    it(`${path} is written to the file`, () => {
      const value = another(theirs);
      const written = parseToml(renderToml(sampleCluster({ config: nested(path, value) }), 'demo-0'));
      assert.deepEqual(JSON.parse(JSON.stringify(at(written, path))), value);
    });
  }
});

/** Texts of the kinds that one side may take and the other not. */
const texts = [
  '',
  ' ',
  'a',
  'a b',
  '${A}',
  '{a}',
  'hub:5000',
  'ftp://hub',
  'https://',
  'http://hub',
  'é',
  'x\ny',
];

describe('text by text', () => {
  for (const [path, mine] of ofSpec) {
    const isText = mine.type === 'string' && !mine.enum;
    const isList = mine.type === 'array' && mine.items?.type === 'string';
    if (!isText && !isList) continue;
    it(`what the API server takes for ${path}, the scheduler starts with`, () => {
      const long = 'x'.repeat((isText ? mine : mine.items!).maxLength ?? 10_000);
      let taken = 0;
      for (const text of [...texts, long]) {
        const cluster = sampleCluster({ config: nested(path, isText ? text : [text]) });
        if (check(cluster as unknown as JsonObject).length > 0) continue;
        taken += 1;
        const read = readConfig(renderToml(cluster, 'demo-0'));
        assert.ok(read.ok, `${JSON.stringify(text)}: ${read.ok ? '' : (read.faults[0]?.what ?? '')}`);
      }
      assert.ok(taken > 0, 'none of the texts is taken');
    });
  }
});

const textOf = (path: string): string => (ofSpec.get(path) as Schema).description ?? '';
/** A value that is allowed and not the default. */
function another(node: Node): unknown {
  if (node.type === 'boolean') return node.default !== true;
  if (node.type === 'array') return [example(node.items!)];
  if (node.enum) return node.enum.find((value) => value !== node.default);
  if (node.type === 'string') return 'another';
  const { minimum = 0, maximum = 0 } = node;
  return node.default === Math.ceil(minimum) ? Math.min(maximum, Math.ceil(minimum) + 1) : Math.ceil(minimum);
}

/** The least that an item may be. */
function example(node: Node): unknown {
  if (node.type === 'string') return 'https://a.example';
  if (node.type !== 'object') return node.minimum ?? 0;
  return Object.fromEntries((node.required ?? []).map((name) => [name, example(node.properties![name]!)]));
}

function nested(path: string, value: unknown): Record<string, unknown> {
  const names = path
    .split('.')
    .map((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
  return names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Record<string, unknown>;
}

const at = (file: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((table, name) => (table as Record<string, unknown>)[name], file);
