/** Writes docs/reference/; with `--check` it only compares, and fails when a page is stale. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { format, resolveConfig } from 'prettier';
import type { Definition } from '../../crds/typescript.ts';
import { clusterReference } from './cluster-reference.ts';
import { commandsReference } from './commands-reference.ts';
import { configReference } from './config-reference.ts';
import { metricsReference } from './metrics-reference.ts';
import { reasonsReference } from './reasons-reference.ts';

const folder = new URL('../reference/', import.meta.url).pathname;

/** Text of each page by its file name. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  const source = await readFile(new URL('../../crds/schedulercluster.yaml', import.meta.url), 'utf8');
  const definition = parse(source) as Definition;
  const made: readonly (readonly [string, string])[] = [
    ['schedulercluster.md', clusterReference(definition)],
    ['config.md', configReference(definition)],
    ['metrics.md', metricsReference()],
    ['reasons.md', reasonsReference()],
    ['commands.md', commandsReference()],
  ];
  const style = await resolveConfig(`${folder}page.md`);
  const formatted = made.map(
    async ([name, text]) => [name, await format(text, { ...style, parser: 'markdown' })] as const,
  );
  return new Map(await Promise.all(formatted));
}

if (import.meta.main) {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of await pages()) {
    const current = await readFile(folder + name, 'utf8').catch(() => '');
    if (current === text) continue;
    if (process.argv.includes('--check'))
      throw new Error(`docs/reference/${name} is stale: run \`make generate\``);
    await writeFile(folder + name, text);
    console.log(`wrote docs/reference/${name}`);
  }
}
