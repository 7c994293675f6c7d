/** Writes docs/reference/ and its translation; with `--check` it only compares, and fails when a page is stale. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { format, resolveConfig } from 'prettier';
import type { Definition } from '../../crds/typescript.ts';
import { Catalogue, type Finding } from './catalogue.ts';
import { readTranslations } from './catalogue-files.ts';
import { clusterReference } from './cluster-reference.ts';
import { commandsReference } from './commands-reference.ts';
import { configReference } from './config-reference.ts';
import { metricsReference } from './metrics-reference.ts';
import { reasonsReference } from './reasons-reference.ts';
import { english, type Tongue } from './tongue.ts';

const root = new URL('../../', import.meta.url).pathname;

export interface Made {
  /** Text of each page by its path from the root. */
  readonly pages: ReadonlyMap<string, string>;
  /** What the translation lacks. */
  readonly findings: readonly Finding[];
}

export async function make(): Promise<Made> {
  const source = await readFile(`${root}crds/schedulercluster.yaml`, 'utf8');
  const definition = parse(source) as Definition;
  const chinese = new Catalogue(await readTranslations('zh'));
  const made = [
    ...pagesIn(english, 'docs/reference', definition),
    ...pagesIn(chinese, 'docs/zh/reference', definition),
  ];
  const style = await resolveConfig(`${root}docs/README.md`);
  const formatted = made.map(
    async ([file, text]) => [file, await format(text, { ...style, parser: 'markdown' })] as const,
  );
  return { pages: new Map(await Promise.all(formatted)), findings: chinese.findings() };
}

const pagesIn = (tongue: Tongue, folder: string, definition: Definition): [file: string, text: string][] => [
  [`${folder}/schedulercluster.md`, clusterReference(tongue, definition)],
  [`${folder}/config.md`, configReference(tongue, definition)],
  [`${folder}/metrics.md`, metricsReference(tongue)],
  [`${folder}/reasons.md`, reasonsReference(tongue)],
  [`${folder}/commands.md`, commandsReference(tongue)],
];

if (import.meta.main) {
  const { pages, findings } = await make();
  for (const [file, text] of pages) {
    const current = await readFile(root + file, 'utf8').catch(() => '');
    if (current === text) continue;
    if (process.argv.includes('--check')) throw new Error(`${file} is stale: run \`make generate\``);
    await mkdir(new URL('.', `file://${root}${file}`), { recursive: true });
    await writeFile(root + file, text);
    console.log(`wrote ${file}`);
  }
  for (const { key, what, mark } of findings)
    console.log(
      `docs/generate/zh: ${key} is ${what}${mark ? `; its translation has \`of: '${mark}'\`` : ''}`,
    );
}
