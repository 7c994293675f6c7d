/**
 * No page names a field, key, metric, flag, target or environment variable that does not exist; and what exists is
 * documented, because the reference pages are made from the code.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Definition } from '../../crds/typescript.ts';
import { make } from '../../docs/generate/main.ts';
import { operatorMetrics, schedulerMetrics } from '../../docs/generate/metrics-reference.ts';
import { childrenOf, type Schema } from '../../docs/generate/schema.ts';
import { remedies } from '../../operator/api/conditions.ts';
import { fleetAlerts } from '../../operator/resources/monitoring/fleet-alerts.ts';
import { operatorAlerts } from '../../operator/resources/monitoring/operator-alerts.ts';
import { Config } from '../../scheduler/config/schema.ts';
import { root } from '../support/images.ts';
import { pageOf, pages, type Page } from './pages.ts';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const definition = parse(read('crds/schedulercluster.yaml')) as Definition;
const object = definition.spec.versions[0]!.schema.openAPIV3Schema as Schema;

/** What people of another project wrote, or what describes the past, may name what is not here. */
const aboutOthers = (page: Page): boolean => /^docs\/adr\//.test(page.file);
const ours = pages.filter((page) => !aboutOthers(page));

const quoted = ({ prose }: Page): string[] =>
  [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

function* pathsOf(schema: Schema, at: string): Generator<string> {
  yield at;
  const inner = schema.type === 'array' ? (schema.items ?? {}) : schema;
  for (const [name, child] of childrenOf(inner)) yield* pathsOf(child, at === '' ? name : `${at}.${name}`);
}

describe('reference pages', async () => {
  const { pages: made, findings } = await make();
  for (const [file, text] of made) {
    it(`${file} is what \`make generate\` makes`, () => {
      assert.ok(read(file) === text, 'run `make generate`');
    });
  }

  for (const what of ['untranslated', 'changed', 'names something else', 'without source'] as const) {
    it(`no text of theirs is ${what} in docs/generate/zh`, () => {
      const found = findings.filter((finding) => finding.what === what);
      assert.deepEqual(
        found.map(({ key, english, mark }) => ({ key, english, of: mark })),
        [],
      );
    });
  }
});

describe('fields of SchedulerCluster', () => {
  const fields = new Set([...pathsOf(object, '')].map((field) => field.replaceAll('[]', '')));
  const isMap = (field: string): boolean => {
    const parent = field.split('.').slice(0, -1).join('.');
    return parent !== '' && mapFields.has(parent);
  };
  const mapFields = new Set([...mapsOf(object, '')]);

  it('that a page names are in the definition', () => {
    const wrong = ours.flatMap((page) =>
      quoted(page)
        .filter((text) => /^(spec|status)(\.[A-Za-z0-9]+(\[\])?)+$/.test(text))
        .map((text) => text.replaceAll('[]', ''))
        .filter((field) => !fields.has(field) && !isMap(field) && !isOfAnotherKind(field))
        .map((field) => `${page.file}: ${field}`),
    );
    assert.deepEqual(wrong, []);
  });

  /** Fields of objects that are not ours. */
  const isOfAnotherKind = (field: string): boolean =>
    ['spec.template', 'spec.updateStrategy', 'spec.nodeName', 'status.podIP'].includes(field);

  function* mapsOf(schema: Schema, at: string): Generator<string> {
    const inner = schema.type === 'array' ? (schema.items ?? {}) : schema;
    if (typeof inner.additionalProperties === 'object' || inner['x-kubernetes-preserve-unknown-fields'])
      yield at;
    for (const [name, child] of childrenOf(inner)) yield* mapsOf(child, at === '' ? name : `${at}.${name}`);
  }
});

describe('keys of config.toml', () => {
  const keys = new Set(pathsOf(z.toJSONSchema(Config, { io: 'input' }) as Schema, ''));
  const lastNames = new Set([...keys].map((key) => key.split('.').at(-1) ?? ''));

  it('that a page names are in the schema', () => {
    const wrong = ours.flatMap((page) =>
      quoted(page)
        .filter((text) =>
          /^(server|admin|model_hub|scheduler|limits|log|dashboard)(\.[a-z0-9_]+)+$/.test(text),
        )
        .filter((key) => !keys.has(key) && !/\.(log|toml|md|ts|yaml)(\.\d)?$/.test(key))
        .map((key) => `${page.file}: ${key}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('that stand in an example file are in the schema', () => {
    const wrong = ours.flatMap((page) =>
      page.fences
        .filter(({ language }) => language === 'toml')
        .flatMap(({ text }) => [...text.matchAll(/^([a-z0-9_]+)\s*=/gm)].map(([, key = '']) => key))
        .filter((key) => !lastNames.has(key))
        .map((key) => `${page.file}: ${key}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('metrics', () => {
  const facts = [...schedulerMetrics(), ...operatorMetrics()];
  const series = new Set(
    facts.flatMap(({ name, type }) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );

  it('that a page names are registered', () => {
    const wrong = ours.flatMap((page) =>
      [...page.text.matchAll(/\b(scheduler_[a-z0-9_]+|lingua_(?:operator|cluster)_[a-z0-9_]+)\b/g)]
        .map(([, name = '']) => name)
        .filter((name) => !series.has(name) && ![...series].some((one) => one.startsWith(name)))
        .map((name) => `${page.file}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('reasons', () => {
  it('that the page on troubleshooting names exist', () => {
    const named = quoted(pageOf('docs/troubleshooting.md')).filter((text) =>
      /^([A-Z][a-z]+){2,}$/.test(text),
    );
    const types = Object.keys(remedies);
    const conditions = read('operator/api/conditions.ts');
    assert.deepEqual(
      named.filter(
        (name) => !types.includes(name) && !conditions.includes(`'${name}'`) && name !== 'SchedulerCluster',
      ),
      [],
    );
  });
});

describe('runbooks', () => {
  const alerts = [...fleetAlerts(), ...operatorAlerts]
    .flatMap(({ rules }) => rules.map(({ alert }) => alert))
    .sort();

  it('there is one for each alert, and for nothing else', () => {
    const pagesOfAlerts = pages.flatMap(
      ({ file }) => /^docs\/runbooks\/(Lingua\w+)\.md$/.exec(file)?.[1] ?? [],
    );
    assert.deepEqual(pagesOfAlerts.sort(), alerts);
  });
});

describe('files', () => {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|dist)$/.test(entry.name))
    .map(({ name }) => name);
  const isOurs = new RegExp(`^(${folders.join('|')})/`);
  /** `a/{b,c}.ts` are two files. */
  const spelledOut = (name: string): string[] => {
    const [, before = '', choice = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(name) ?? [];
    return choice === '' ? [name] : choice.split(',').flatMap((one) => spelledOut(before + one + after));
  };
  const exists = (name: string): boolean =>
    name.includes('*') ? globSync(name, { cwd: root }).length > 0 : existsSync(path.join(root, name));

  it('that a page names are there', () => {
    const named = ours.flatMap((page) =>
      quoted(page)
        .filter((text) => isOurs.test(text) && /^[\w./{},*-]+$/.test(text))
        .flatMap((text) => spelledOut(text).map((name) => ({ file: page.file, name }))),
    );
    assert.ok(named.length > 100);
    assert.deepEqual(
      named.filter(({ name }) => !exists(name)),
      [],
    );
  });
});

it('every suite of tests stands in the table of the architecture', () => {
  const suites = [...read('test/run.ts').matchAll(/^ {4}name: '(\w+)',$/gm)].map(([, name = '']) => name);
  const told = [
    ...pageOf('docs/architecture.md').prose.matchAll(/^\| (\w+) +\|.*make (?:test SUITE|conformance)/gm),
  ];
  assert.deepEqual(told.map(([, name = '']) => name).sort(), suites.sort());
});

describe('make targets', () => {
  const targets = new Set(
    [...read('Makefile').matchAll(/^([a-z][a-z-]*):/gm)].map(([, target = '']) => target),
  );

  it('that a page names are in the Makefile', () => {
    const wrong = pages.flatMap((page) =>
      [...page.text.matchAll(/(?:`|^\s*)make ([a-z][a-z-]*)/gm)]
        .map(([, target = '']) => target)
        .filter((target) => !targets.has(target))
        .map((target) => `${page.file}: make ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('are told by some page', () => {
    const everything = pages.map(({ text }) => text).join('\n');
    const hidden = new Set(['help', 'check', 'tools', 'clean', 'format']);
    assert.deepEqual(
      [...targets].filter(
        (target) => !hidden.has(target) && !new RegExp(`make ${target}\\b`).test(everything),
      ),
      [],
    );
  });
});
