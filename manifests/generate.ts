/**
 * Writes manifests/install.yaml: the overlay `install` as one file, for people who apply from an address and not from a clone.
 * The rendering is kubectl's own kustomize, so the file is what `kubectl apply -k` would send. And the parts of the chart that
 * are made of other manifests.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { chartFiles } from './chart-files.ts';

const overlay = new URL('install', import.meta.url).pathname;
export const flatPath = new URL('install.yaml', import.meta.url).pathname;

const head = `# Made by \`make manifests\` from manifests/install; a change here is lost.
#   kubectl apply --server-side -f manifests/install.yaml
`;

export async function flatFile(): Promise<string> {
  const kubectl = process.env['KUBECTL'] ?? 'kubectl';
  const { stdout } = await promisify(execFile)(kubectl, ['kustomize', overlay], { maxBuffer: 16 << 20 });
  return head + stdout;
}

if (import.meta.main) {
  for (const [file, text] of [[flatPath, await flatFile()] as const, ...(await chartFiles())]) {
    if (text === (await readFile(file, 'utf8').catch(() => ''))) continue;
    await writeFile(file, text);
    console.log(`wrote ${file}`);
  }
}
