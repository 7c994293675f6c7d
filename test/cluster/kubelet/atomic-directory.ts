/**
 * A directory whose files change all at once. Each version is a hidden directory of its own, `..data` points to the
 * present one, and the visible names point through `..data`: a reader sees the old set or the new one, never a mixture.
 */
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Files } from './files.ts';

/** @param version a name not used before in this directory, such as a counter with a time */
export async function replaceFiles(directory: string, files: Files, version: string): Promise<void> {
  const versionName = `..${version}`;
  await writeVersion(join(directory, versionName), files);
  const previous = await readlink(join(directory, '..data')).catch(() => undefined);
  await symlink(versionName, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  await showOnly(directory, new Set([...files.keys()].map(firstPart)));
  if (previous !== undefined) await rm(join(directory, previous), { recursive: true, force: true });
}

async function writeVersion(directory: string, files: Files): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [path, { content, mode }] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content, { mode });
  }
}

async function showOnly(directory: string, wanted: ReadonlySet<string>): Promise<void> {
  const shown = new Set((await readdir(directory)).filter((name) => !name.startsWith('..')));
  for (const name of wanted) {
    if (!shown.has(name)) await symlink(join('..data', name), join(directory, name));
  }
  for (const name of shown) if (!wanted.has(name)) await rm(join(directory, name), { force: true });
}

const firstPart = (path: string): string => path.split('/')[0] ?? path;
