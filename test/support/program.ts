/**
 * One of our programs as a real process, started from source: waits until it says it is ready, keeps what it printed for the
 * message of a failing test, and is ended by its own pid.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface ProgramOptions {
  /** One of the two, or an example by its path. */
  readonly program: 'scheduler' | 'operator' | `docs/examples/${string}.ts`;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Answered with 200 when the program is ready; without it `start` returns at once. */
  readonly readyUrl?: string;
  readonly readyTimeoutMs?: number;
  /** How many files it may have open. */
  readonly openFiles?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const root = path.resolve(import.meta.dirname, '../..');

export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<Exit>;
  #output = '';
  #printedBytes = 0;
  #exit: Exit | undefined;

  private constructor({ program, args, environment, openFiles }: ProgramOptions) {
    this.#name = program;
    const entry = path.join(root, program.endsWith('.ts') ? program : `${program}/main.ts`);
    const command = [process.execPath, entry, ...args];
    // The shell becomes the program, which keeps its pid.
    const limited = ['sh', '-c', `ulimit -n ${String(openFiles)}; exec "$0" "$@"`, ...command];
    const [file = '', ...rest] = openFiles === undefined ? command : limited;
    this.#child = spawn(file, rest, {
      cwd: root,
      env: { ...process.env, LOG_FORMAT: 'json', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output = (this.#output + chunk).slice(-1_000_000);
        this.#printedBytes += Buffer.byteLength(chunk);
      });
    }
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#exit;
    });
  }

  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    if (options.readyUrl === undefined) return program;
    try {
      await program.#untilReady(options.readyUrl, options.readyTimeoutMs ?? 60_000);
      return program;
    } catch (error) {
      await program.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it printed so far, both streams as they came. */
  get output(): string {
    return this.#output;
  }

  /** How much it printed, kept or not. */
  get printedBytes(): number {
    return this.#printedBytes;
  }

  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** Leaves what it prints from here on in the pipe, which then fills up. */
  stopReading(): void {
    this.#child.stdout?.pause();
    this.#child.stderr?.pause();
  }

  resumeReading(): void {
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  /** SIGTERM, and the exit it leads to. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.#exited;
  }

  /** SIGKILL: what a crash looks like from outside. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  async #untilReady(url: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (this.#exit !== undefined)
        throw new Error(`${this.#name} ended before it was ready:\n${this.#output}`);
      if (await answersOk(url)) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.#name} was not ready after ${String(timeoutMs)} ms:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
