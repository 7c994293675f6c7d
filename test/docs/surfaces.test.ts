/**
 * What people type, call and send exists, and what exists is told: flags, environment variables, routes, annotations, values of the
 * chart, and the codes of the wire protocol.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { environment, paths } from '../../common/workload.ts';
import * as labels from '../../operator/api/labels.ts';
import { options as operatorOptions, usage as operatorUsage } from '../../operator/flags.ts';
import { commands, connectionFlags } from '../../operator/plugin/commands.ts';
import { options as validateOptions, usage as validateUsage } from '../../operator/validate/arguments.ts';
import { closeCodes } from '../../scheduler/protocol/close-codes.ts';
import { errorCodes } from '../../scheduler/protocol/error-codes.ts';
import { sessionUnsupported } from '../../scheduler/protocol/session-messages.ts';
import { readArguments } from '../../scheduler/arguments.ts';
import { root } from '../support/images.ts';
import { pageOf, pages, type Page } from './pages.ts';

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** What describes the past may name what is no more. */
const ours = pages.filter(({ file }) => !/^docs\/adr\/|^CHANGELOG/.test(file));
const everything = ours.map(({ text }) => text).join('\n');
const wordsOf = (text: string): string[] => text.match(/[\w.-]+/g) ?? [];

const quoted = ({ prose }: Page): string[] =>
  [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

/** Lines that are typed: those of blocks, and those that stand between words. */
const typedIn = (page: Page): string[] =>
  page.fences
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .concat(quoted(page));

describe('flags', () => {
  const schedulerHelp = [[], ['check-config'], ['doctor'], ['dlq', 'list']].map((command) => {
    const asked = readArguments([...command, '--help']);
    return asked.kind === 'help' ? asked.text : '';
  });
  const flagsIn = (text: string): string[] =>
    [...text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag);
  const known: Readonly<Record<string, ReadonlySet<string>>> = {
    scheduler: new Set(flagsIn(schedulerHelp.join('\n'))),
    operator: new Set([...Object.keys(operatorOptions), ...Object.keys(validateOptions)]),
    plugin: new Set([
      ...Object.keys(connectionFlags),
      ...['help', 'version'],
      ...Object.values(commands).flatMap(({ flags }): readonly string[] => flags),
    ]),
  };

  /** What a program of ours is given in a line, up to the next program of a pipe. */
  function* givenIn(line: string): Generator<[program: string, given: string]> {
    for (const part of line.split(/\||&&|;/)) {
      const [, run = '', byNpm] = /^\s*npm run --silent (scheduler|operator|plugin)( --)?/.exec(part) ?? [];
      const [, plain = ''] = /^\s*(scheduler|operator|kubectl lingua)\b/.exec(part) ?? [];
      const program = run || (plain === 'kubectl lingua' ? 'plugin' : plain);
      if (program === '' || (run !== '' && byNpm === undefined)) continue;
      yield [program, part.replace(/^\s*npm run --silent/, '')];
    }
  }

  it('that a page gives a program of ours are its', () => {
    const lines = ours.flatMap((page) => typedIn(page).map((line) => ({ file: page.file, line })));
    const given = lines.flatMap(({ file, line }) => [...givenIn(line)].map((one) => ({ file, line, one })));
    assert.ok(given.length > 50);
    const wrong = given.flatMap(({ file, line, one: [program, text] }) =>
      flagsIn(text)
        .filter((flag) => !known[program]?.has(flag))
        .map((flag) => `${file}: --${flag} in ${line}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('of the operator are all in its help', () => {
    const missing = (options: object, usage: string) =>
      Object.keys(options).filter((flag) => !flagsIn(usage).includes(flag));
    assert.deepEqual(missing(operatorOptions, operatorUsage), []);
    assert.deepEqual(missing(validateOptions, validateUsage), []);
  });
});

describe('environment variables', () => {
  const sources = ['common/log.ts', 'operator/main.ts', 'operator/plugin/main.ts', 'scheduler/main.ts'];
  /** By name, as `environment['X']` or in `{ X: … } = process.env`. */
  const byName = sources
    .map(read)
    .flatMap((source) => [
      ...[...source.matchAll(/\['([A-Z][A-Z_]+)'\]/g)].map(([, name = '']) => name),
      ...[...source.matchAll(/\{([^}]*)\} = process\.env/g)].flatMap(
        ([, names = '']) => names.match(/\b[A-Z_]{3,}\b/g) ?? [],
      ),
    ]);
  const readByUs = new Set<string>([...Object.values(environment), ...byName]);

  it('that the programs read are found', () => {
    for (const name of ['LOG_LEVEL', 'LOG_FORMAT', 'KUBECONFIG', 'KUBECTL', 'NO_COLOR', 'POD_NAME'])
      assert.ok(readByUs.has(name), name);
  });

  it('that the programs read are told', () => {
    // Of every terminal.
    const usual = ['TERM'];
    assert.deepEqual(
      [...readByUs].filter((name) => !usual.includes(name) && !wordsOf(everything).includes(name)),
      [],
    );
  });

  it('that a page names are read', () => {
    const wrong = ours.flatMap((page) =>
      [...page.text.matchAll(/\b((?:LINGUA|POD|LOG|MODEL_HUB)_[A-Z_]+)\b/g)]
        .map(([, name = '']) => name)
        .filter((name) => !readByUs.has(name))
        .map((name) => `${page.file}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('routes', () => {
  const routes: readonly string[] = Object.values(paths);

  it('are all told', () => {
    const told = new Set(
      ours.flatMap((page) => quoted(page)).flatMap((text) => text.match(/\/[\w/]+/g) ?? []),
    );
    assert.deepEqual(
      routes.filter((route) => !told.has(route)),
      [],
    );
  });

  it('that a page names are served', () => {
    const wrong = ours.flatMap((page) =>
      quoted(page)
        .flatMap((text) => text.match(/(?<![\w./])\/(?:api|admin|ws|phase3)\/[\w/]*/g) ?? [])
        .filter(
          (route) => !routes.some((one) => one === route || (route.endsWith('/') && one.startsWith(route))),
        )
        .map((route) => `${page.file}: ${route}`),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('annotations of lingua.dev', () => {
  const ofPeople = [labels.pausedAnnotation, labels.promoteAnnotation];
  const all = Object.entries(labels).flatMap(([name, value]) => (name.endsWith('Annotation') ? [value] : []));

  it('that people write are told', () => {
    assert.deepEqual(
      ofPeople.filter((name) => !everything.includes(name)),
      [],
    );
  });

  it('that a page names are ours', () => {
    const wrong = ours.flatMap((page) =>
      [...page.text.matchAll(/lingua\.dev\/([a-z]+(?:-[a-z]+)*)(?![\w.])/g)]
        .map(([name]) => name)
        .filter((name) => !all.includes(name))
        .map((name) => `${page.file}: ${name}`),
    );
    assert.deepEqual(wrong, []);
  });
});

it('values of the chart are told, and no other', () => {
  const leaves = (value: unknown, at: string): string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, at === '' ? name : `${at}.${name}`))
      : [at];
  const { prose } = pageOf('manifests/chart/README.md');
  const told = [...prose.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  const there = leaves(parse(read('manifests/chart/values.yaml')), '');
  // Told as a whole: what it holds is Kubernetes' own.
  const shown = there.map((name) => (name.startsWith('resources.') ? 'resources' : name));
  assert.deepEqual([...new Set(told)].sort(), [...new Set(shown)].sort());
});

describe('the wire protocol', () => {
  const page = pageOf('docs/protocol.md');

  it('names what is not served', () => {
    assert.deepEqual(
      [...sessionUnsupported].filter((type) => !page.prose.includes(`\`${type}\``)),
      [],
    );
  });

  it('tells every code, and no other', () => {
    const codes: readonly string[] = Object.values(errorCodes);
    const told = [...new Set(quoted(page).filter((text) => /^[A-Z]+(_[A-Z]+)+$/.test(text)))];
    const events = ['ASR_PARTIAL', 'ASR_FINAL', 'NMT_DONE', 'NODE_ACCEPTED'];
    assert.deepEqual(
      codes.filter((code) => !told.includes(code)),
      [],
    );
    assert.deepEqual(
      told.filter((code) => !codes.includes(code) && !events.includes(code)),
      [],
    );
  });

  it('tells every way a connection is ended', () => {
    for (const { code } of Object.values(closeCodes))
      assert.match(page.prose, new RegExp(`^\\| ${code} `, 'm'));
  });
});
