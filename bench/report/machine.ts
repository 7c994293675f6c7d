/** The machine and the versions a result belongs to. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { program } from '../systems/lingua/systems.ts';

const root = path.resolve(import.meta.dirname, '../..');
const compared = ['socket.io', '@socket.io/redis-streams-adapter', 'bullmq', 'ioredis', 'ws'] as const;

/**
 * Pairs of a name and what it is here.
 *
 * @param measured what of this project was run
 */
export function describeMachine(
  measured = path.relative(root, program),
): readonly (readonly [string, string])[] {
  const cpus = os.cpus();
  return [
    ['CPU', `${cpus[0]?.model.trim() ?? 'unknown'}, ${String(cpus.length)} cores`],
    ['memory', `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`],
    // Ratios within a round stand some of it; figures do not.
    ['busy with', `a load of ${(os.loadavg()[0] ?? 0).toFixed(1)} before the run, our own not included`],
    ['kernel', `${os.type()} ${os.release()} ${os.arch()}`],
    ['Node', process.version],
    ['Redis', redisVersion()],
    ['packages', compared.map((name) => `${name} ${packageVersion(name)}`).join(', ')],
    ['this project', `${commit()}, ${measured}`],
  ];
}

function redisVersion(): string {
  const said = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  return /v=(\S+)/.exec(said)?.[1] ?? said.trim();
}

function packageVersion(name: string): string {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** The commit, marked when the tree differs from it; a tree without history says so. */
function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with local changes';
    return `commit ${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'no commit known';
  }
}
