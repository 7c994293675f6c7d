/** A container of an image, started as its configuration says and as a pod would: its user, its entry point, our arguments. */
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { Buildah } from './buildah.ts';

interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Directories of this machine, by their path inside; read-only. */
  readonly volumes: Readonly<Record<string, string>>;
}

export class Container {
  readonly config: ImageConfig;
  readonly #buildah: Buildah;
  readonly #name: string;

  private constructor(buildah: Buildah, name: string, config: ImageConfig) {
    this.#buildah = buildah;
    this.#name = name;
    this.config = config;
  }

  static async of(buildah: Buildah, image: string): Promise<Container> {
    const name = await buildah('from', '--pull-never', image);
    const { OCIv1 } = JSON.parse(await buildah('inspect', name)) as { OCIv1: { config: ImageConfig } };
    return new Container(buildah, name, OCIv1.config);
  }

  /** What a program of Node prints that runs inside. */
  async evaluate(expression: string): Promise<unknown> {
    const [node = ''] = this.config.Entrypoint;
    const print = `process.stdout.write(JSON.stringify(${expression}))`;
    return JSON.parse(await this.#buildah(...this.#run({}, {}), node, '-e', print));
  }

  start({ args, environment, volumes }: RunOptions) {
    const child = this.#buildah.start(...this.#run(environment, volumes), ...this.config.Entrypoint, ...args);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    const exited = once(child, 'close').then(([code]) => code as number | null);
    return {
      output: () => output,
      exited,
      stop: async () => {
        process.kill(await innermost(child.pid ?? 0), 'SIGTERM');
        return exited;
      },
      kill: () => child.kill('SIGKILL'),
    };
  }

  #run(environment: Readonly<Record<string, string>>, volumes: Readonly<Record<string, string>>): string[] {
    return [
      ...['run', '--isolation', 'chroot', '--user', this.config.User],
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...Object.entries(volumes).flatMap(([inside, here]) => ['--volume', `${here}:${inside}:ro`]),
      ...[this.#name, '--'],
    ];
  }
}

/** The program itself: buildah, between it and us, would not hand the signal on but kill it. */
async function innermost(pid: number): Promise<number> {
  const [first] = await childrenOf(pid);
  return first === undefined ? pid : innermost(first);
}

/** Of all its threads: a program of Go starts others from any of them. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${String(pid)}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${String(pid)}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.trim().split(' ').filter(Boolean).map(Number));
}
