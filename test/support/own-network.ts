/**
 * Runs a command in a network of its own, where 198.18.0.0/15 is this machine's. The machine itself is left as it is, and nothing is
 * left behind. Linux only; needs `unshare` and `ip`, and either root or the right to make a user namespace.
 */
import { execFileSync } from 'node:child_process';

const setUp = 'ip link set lo up && ip route add local 198.18.0.0/15 dev lo';
const ways = [['--net'], ['--user', '--map-root-user', '--net']];

/** The command that runs `argv` so; undefined where that cannot be done. */
export function inOwnNetwork(argv: readonly string[]): readonly string[] | undefined {
  const way = process.platform === 'linux' ? ways.find(works) : undefined;
  return way && ['unshare', ...way, 'sh', '-c', `${setUp} && exec "$@"`, 'sh', ...argv];
}

function works(way: readonly string[]): boolean {
  try {
    execFileSync('unshare', [...way, 'sh', '-c', setUp], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
