/** The real kubectl, as a person uses it. */
import { execFile } from 'node:child_process';

export interface KubectlAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Kubectl {
  /** Runs and returns whatever came of it. */
  try(args: readonly string[], input?: string): Promise<KubectlAnswer>;
  /** Runs and returns what it printed. Throws with its error text when it fails. */
  (args: readonly string[], input?: string): Promise<string>;
  /** One object or list, as JSON. */
  json<T>(args: readonly string[]): Promise<T>;
}

const timeoutMs = 300_000;

/** @param variables more of them for its environment; undefined takes one away */
export function createKubectl(
  kubeconfig: string,
  program = process.env['KUBECTL'] ?? 'kubectl',
  variables: NodeJS.ProcessEnv = {},
): Kubectl {
  const attempt = (args: readonly string[], input = ''): Promise<KubectlAnswer> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig, ...variables };
      const options = { env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, [...args], options, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') {
          reject(new Error(`cannot run ${program} ${args.join(' ')}: ${error.message}`, { cause: error }));
          return;
        }
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  const run = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await attempt(args, input);
    if (code !== 0)
      throw new Error(`kubectl ${args.join(' ')} failed (${String(code)}): ${stderr || stdout}`);
    return stdout;
  };
  return Object.assign(run, {
    try: attempt,
    async json<T>(args: readonly string[]): Promise<T> {
      return JSON.parse(await run([...args, '-o', 'json'])) as T;
    },
  });
}
