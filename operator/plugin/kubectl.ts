/**
 * kubectl as a child process: the plugin's only way to a cluster. Whatever lets kubectl in (exec plugins, certificates, proxies,
 * impersonation) lets the plugin in, with the same rights and the same words when it does not.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AppError } from '../../common/errors.ts';
import { explained } from './failures.ts';

/** What came of a call. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs and returns whatever came of it. */
  run(args: readonly string[], input?: string): Promise<Ran>;
  /** Runs and returns what it printed. Throws, with what to do, when it fails. */
  text(args: readonly string[], input?: string): Promise<string>;
  /** One object or list. */
  json<T>(args: readonly string[]): Promise<T>;
  /** Hands over each line that it prints, until it ends or the signal aborts. */
  lines(args: readonly string[], onLine: (line: string) => void, signal: AbortSignal): Promise<Ran>;
}

export interface KubectlOptions {
  readonly program: string;
  /** Flags that say which cluster, namespace and user; a call may name another namespace. */
  readonly connection: readonly string[];
}

export function createKubectl({ program, connection }: KubectlOptions): Kubectl {
  const start = (args: readonly string[], signal?: AbortSignal) =>
    spawn(program, [...connection, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
  const run = (args: readonly string[], input = ''): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const child = start(args);
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (data: Buffer) => stdout.push(data));
      child.stderr.on('data', (data: Buffer) => stderr.push(data));
      child.once('error', (error) => {
        reject(notStarted(program, error));
      });
      child.once('close', (code) => {
        const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
        resolve({ code: code ?? 1, stdout: text(stdout), stderr: text(stderr) });
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  const text = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await run(args, input);
    if (code !== 0) throw explained(stderr || stdout);
    return stdout;
  };
  return {
    run,
    text,
    json: async <T>(args: readonly string[]) => JSON.parse(await text([...args, '-o', 'json'])) as T,
    lines: (args, onLine, signal) =>
      new Promise((resolve, reject) => {
        const child = start(args, signal);
        let stderr = '';
        child.stdin.end();
        child.stderr.setEncoding('utf8').on('data', (data: string) => (stderr += data));
        const reader = createInterface({ input: child.stdout, crlfDelay: Infinity });
        reader.on('line', onLine);
        const done = new Promise((ended) => reader.once('close', ended));
        child.once('error', (error) => {
          if (!signal.aborted) reject(notStarted(program, error));
        });
        child.once('close', (code) => {
          void done.then(() => {
            resolve({ code: code ?? 1, stdout: '', stderr });
          });
        });
      }),
  };
}

const notStarted = (program: string, error: Error): AppError =>
  new AppError('config', `cannot run ${program}: ${error.message}; it must be on PATH, or named in KUBECTL`, {
    cause: error,
  });
