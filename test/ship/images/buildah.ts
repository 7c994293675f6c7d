/**
 * buildah with a storage of its own, which goes with it: builds and starts images without a daemon and without touching
 * what else is on the machine.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export interface Buildah {
  /** Runs it to its end and returns what it printed. Throws with its error text when it fails. */
  (...args: readonly string[]): Promise<string>;
  /** Starts it; whoever does ends it. */
  start(...args: readonly string[]): ChildProcess;
  remove(): Promise<void>;
}

const limitMs = 8 * 60_000;

export async function openBuildah(): Promise<Buildah> {
  const program = process.env['BUILDAH'] ?? 'buildah';
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-images-'));
  const place = ['--root', path.join(directory, 'root'), '--runroot', path.join(directory, 'run')];
  const run = async (...args: readonly string[]): Promise<string> => {
    try {
      const options = { maxBuffer: 64 * 1024 * 1024, timeout: limitMs };
      const { stdout } = await promisify(execFile)(program, [...place, ...args], options);
      return stdout.trim();
    } catch (error) {
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
      throw new Error(`buildah ${args.join(' ')} failed: ${(stdout + stderr).slice(-4000)}`, {
        cause: error,
      });
    }
  };
  return Object.assign(run, {
    start: (...args: readonly string[]) =>
      spawn(program, [...place, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    async remove() {
      await run('rm', '--all').catch(() => undefined);
      await run('rmi', '--all', '--force').catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  });
}
