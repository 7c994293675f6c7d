/**
 * Every process the kubelet starts. Each leads a process group of its own, so that whatever it starts in turn is ended with
 * it. A note on disk for each one lets others end what a killed kubelet left behind: a guard, which notices at once, and the
 * next kubelet, should the guard be gone too.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface Command {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Both output streams are appended to this file; without one they are pipes, as is the input. */
  readonly logFile?: string;
}

export interface Pipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

export interface Exit {
  /** 128 plus the signal's number after a signal, as a container runtime reports it. */
  readonly code: number;
  /** Why it could not even start; absent when it did. */
  readonly startError?: string;
}

export interface RunningProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Where there is no log file. */
  readonly pipes: Pipes | undefined;
  /** To the process itself, as a runtime signals the first process of a container. */
  signal(name: 'SIGTERM'): void;
  /** Ends it and everything it started, at once. */
  kill(): void;
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

export class ProcessTable {
  readonly #notes: string;
  readonly #guard: ChildProcess;
  readonly #running = new Map<number, RunningProcess>();

  private constructor(notes: string) {
    this.#notes = notes;
    this.#guard = startGuard(notes);
  }

  /** Ends what an earlier table in the same directory left running, then starts afresh. */
  static async open(directory: string): Promise<ProcessTable> {
    await mkdir(directory, { recursive: true });
    endStrays(directory);
    return new ProcessTable(directory);
  }

  get size(): number {
    return this.#running.size;
  }

  start(command: Command): RunningProcess {
    const child = spawnGroup(command);
    const { pid } = child;
    const exited = exitOf(child).then((exit) => {
      if (pid !== undefined) this.#ended(pid);
      return exit;
    });
    const running: RunningProcess = {
      pid: pid ?? -1,
      exited,
      pipes: pipesOf(child),
      signal: (name) => child.kill(name),
      kill: () => {
        if (pid !== undefined) killGroup(pid);
      },
    };
    if (pid !== undefined) {
      this.#running.set(pid, running);
      writeFileSync(join(this.#notes, String(pid)), startTime(pid) ?? '');
    }
    return running;
  }

  /** Ends everything and waits until it is gone. */
  async close(): Promise<void> {
    const all = [...this.#running.values()];
    for (const running of all) running.kill();
    await Promise.all(all.map((running) => running.exited));
    const guardEnded = new Promise((resolve) => this.#guard.once('exit', resolve));
    this.#guard.stdin?.end();
    if (this.#guard.exitCode === null) await guardEnded;
  }

  #ended(pid: number): void {
    // The leader is gone; what it started and left behind goes with it.
    killGroup(pid);
    this.#running.delete(pid);
    rmSync(join(this.#notes, String(pid)), { force: true });
  }
}

function spawnGroup({ argv, environment, workingDirectory, logFile }: Command): ChildProcess {
  const [file = '', ...rest] = argv;
  const options = { cwd: workingDirectory, env: environment, detached: true };
  if (logFile === undefined) return spawn(file, rest, { ...options, stdio: 'pipe' });
  const log = openSync(logFile, 'a');
  try {
    return spawn(file, rest, { ...options, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

function pipesOf({ stdin, stdout, stderr }: ChildProcess): Pipes | undefined {
  return stdin && stdout && stderr ? { stdin, stdout, stderr } : undefined;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: 128, startError: error.message });
    });
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + (signalNumbers[signal ?? ''] ?? 0) });
    });
  });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

/**
 * A shell that waits for the end of its input, which comes when this process ends for whatever reason, and then ends the groups that
 * are still noted. In a session of its own, so that an interrupt from the terminal does not reach it.
 */
function startGuard(notes: string): ChildProcess {
  const script =
    'cat >/dev/null; cd "$0" && for pid in *; do kill -s KILL -- "-$pid" 2>/dev/null; done; exit 0';
  const guard = spawn('/bin/sh', ['-c', script, notes], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // It must not keep this process from ending.
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return guard;
}

function endStrays(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(name);
    const noted = readFileSync(join(directory, name), 'utf8');
    // A pid is used again sooner or later; only the process that started at the noted time is ours.
    if (noted !== '' && startTime(pid) === noted) killGroup(pid);
    rmSync(join(directory, name), { force: true });
  }
}

/** When a process started, in clock ticks since the boot; undefined when there is none. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
