/**
 * The processes of a run. Whatever is started here is ended here, also when the run fails or is interrupted; nothing
 * else is ever signalled.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { within } from './deadline.ts';

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Opens a message channel to a Node process. */
  readonly channel?: boolean;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** How it ended: a signal or an exit code. */
  readonly ended: Promise<string>;
  /** Rejects, with the last lines it wrote, when the process ends before `stop` was called. */
  readonly crashed: Promise<never>;
  /** Asks with SIGTERM, insists with SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
}

const stopGraceMs = 5000;
const tailLines = 12;

export class Processes {
  readonly #running = new Set<ChildProcess>();

  start(name: string, command: string, args: readonly string[], options: ChildOptions = {}): Child {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(options.channel ? (['ipc'] as const) : [])],
      env: { ...process.env, ...options.env },
    });
    this.#running.add(child);
    const ended = endOf(child);
    void ended.then(() => this.#running.delete(child));
    const tail = tailOf(child);
    let asked = false;
    const crashed = ended.then((how) => {
      if (asked) return new Promise<never>(() => undefined);
      throw new Error(`${name} ended by itself (${how}); its last lines:\n${tail().join('\n') || '(none)'}`);
    });
    // Somebody may not be looking at the moment it ends; whoever awaits it later still sees the failure.
    crashed.catch(() => undefined);
    const stop = async () => {
      asked = true;
      child.kill('SIGTERM');
      await within(ended, stopGraceMs, `${name} to end`).catch(() => child.kill('SIGKILL'));
      await ended;
    };
    return { name, pid: child.pid ?? 0, process: child, ended, crashed, stop };
  }

  /** At once and without waiting: for a signal handler. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    // Not 'exit': what the process wrote last may still be in the pipe then.
    child.once('close', (code, signal) => {
      resolve(signal ?? `exit code ${String(code)}`);
    });
  });
}

/** Keeps the last lines of what a process says, so that a failure can quote them. */
function tailOf(child: ChildProcess): () => string[] {
  let kept = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept = (kept + text).slice(-8192);
    });
  }
  return () => kept.trimEnd().split('\n').slice(-tailLines);
}
