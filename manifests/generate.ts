/**
 * Writes manifests/install.yaml: the overlay `install` as one file, for people who apply from an address and not from a clone.
 * The rendering is kubectl's own kustomize, so the file is what `kubectl apply -k` would send.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

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
  const text = await flatFile();
  if (text !== (await readFile(flatPath, 'utf8').catch(() => ''))) {
    await writeFile(flatPath, text);
    console.log(`wrote ${flatPath}`);
  }
}
