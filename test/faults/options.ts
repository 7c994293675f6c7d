/** What the campaigns' command lines have in common. All throw a sentence for the user. */
import { wholeNumber } from '../support/option-values.ts';

export type RedisKind = 'single' | 'cluster';

export function redisKind(written: string): RedisKind {
  if (written === 'single' || written === 'cluster') return written;
  throw new Error(`--redis: '${written}' is neither single nor cluster`);
}

/** One of its own for every run that names none. */
export const seedNumber = (written: string | undefined): number =>
  written === undefined
    ? Math.floor(performance.timeOrigin) % 1_000_000
    : wholeNumber('--seed', written, 0, 2 ** 32 - 1);

/** Which of how many parts, of `K/N`. */
export function partNumbers(written: string): { readonly part: number; readonly parts: number } {
  const [part = '', parts = '', ...more] = written.split('/');
  if (more.length > 0) throw new Error(`--part: '${written}' is not K/N`);
  const count = wholeNumber('--part', parts, 1, 10_000);
  return { part: wholeNumber('--part', part, 1, count), parts: count };
}

/** What `read` makes of the command line; a mistake there ends the program with a sentence and no stack. */
export function readOrExit<Options>(read: () => Options): Options {
  try {
    return read();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}
