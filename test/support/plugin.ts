/** The built kubectl plugin on a PATH of its own, run by the real kubectl as `kubectl lingua`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundlePlugin } from '../../build.ts';
import { createKubectl, type KubectlAnswer } from './kubectl.ts';

export interface Plugin {
  /** Where its file is. */
  readonly directory: string;
  /** A PATH on which kubectl finds it. */
  readonly path: string;
  /** Runs it and returns whatever came of it. */
  try(
    args: readonly string[],
    as?: { kubeconfig?: string; variables?: NodeJS.ProcessEnv },
  ): Promise<KubectlAnswer>;
  /** Runs it and returns what it printed. Throws with its error text when it fails. */
  (args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function installPlugin(kubeconfig: string): Promise<Plugin> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-plugin-'));
  await bundlePlugin(directory);
  const found = [directory, path.dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
  const attempt: Plugin['try'] = (args, as = {}) =>
    createKubectl(as.kubeconfig ?? kubeconfig, undefined, { PATH: found, ...as.variables }).try([
      'lingua',
      ...args,
    ]);
  const run = async (args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await attempt(args);
    if (code !== 0)
      throw new Error(`kubectl lingua ${args.join(' ')} failed (${String(code)}): ${stderr || stdout}`);
    return stdout;
  };
  return Object.assign(run, {
    directory,
    path: found,
    try: attempt,
    remove: () => rm(directory, { recursive: true, force: true }),
  });
}
