/** Writes operator/api/schedulercluster.gen.ts from the definition; with `--check` it only compares, and fails when they differ. */
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';
import { typesOf, type Definition } from './typescript.ts';

const definitionPath = new URL('schedulercluster.yaml', import.meta.url).pathname;
export const typesPath = new URL('../operator/api/schedulercluster.gen.ts', import.meta.url).pathname;

export async function generate(): Promise<string> {
  const definition = parse(await readFile(definitionPath, 'utf8')) as Definition;
  const style = await resolveConfig(typesPath);
  return format(typesOf(definition), { ...style, parser: 'typescript' });
}

if (import.meta.main) {
  const source = await generate();
  const current = await readFile(typesPath, 'utf8').catch(() => '');
  if (process.argv.includes('--check')) {
    if (current !== source) throw new Error(`${typesPath} is stale: run \`npm run generate\``);
  } else if (current !== source) {
    await writeFile(typesPath, source);
    console.log(`wrote ${typesPath}`);
  }
}
