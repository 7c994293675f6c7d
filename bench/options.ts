/** The command line: `node bench/main.ts [--quick] [--systems a,b] [--rounds n] ...`. */
import { parseArgs } from 'node:util';
import { wholeNumber } from '../test/support/option-values.ts';
import { systemNamed, systems } from './systems/catalog.ts';
import type { System } from './systems/system.ts';

export interface Options {
  readonly systems: readonly System[];
  readonly inFlight: readonly number[];
  readonly workers: number;
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  /** Idle connections to hold; 0 leaves that part out. */
  readonly idle: number;
  /** Where the results go; empty prints them only. */
  readonly out: string;
  /** Where every instance leaves a CPU profile; empty makes none. */
  readonly profile: string;
}

export const usage = `usage: make bench (about 25 minutes), or npx node bench/main.ts [options]

  --systems a,b     only these: ${systems.map(({ name }) => name).join(', ')}
  --in-flight 1,16  round trips under way at once (default 1,16,256)
  --rounds n        rounds over all systems (default 3)
  --seconds s       length of one measurement (default 4)
  --idle n          idle connections to hold (default 10000; 0 leaves them out)
  --out file        where to write the results (default bench/results.md; '' writes none)
  --profile dir     leave a CPU profile of every instance there; profiling makes all figures worse
  --quick           one short round of everything, under a minute, printed only: does it work?`;

const text = { type: 'string' } as const;
const defaults = { rounds: '3', seconds: '4', idle: '10000', out: 'bench/results.md' };
const quickDefaults = { rounds: '1', seconds: '0.5', idle: '500', out: '' };

/** @throws with a sentence for the user */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      systems: text,
      'in-flight': text,
      rounds: text,
      seconds: text,
      idle: text,
      out: text,
      profile: text,
      quick: { type: 'boolean', default: false },
    },
  });
  const base = values.quick ? quickDefaults : defaults;
  return {
    systems: values.systems === undefined ? systems : values.systems.split(',').map(systemNamed),
    inFlight: (values['in-flight'] ?? '1,16,256')
      .split(',')
      .map((one) => wholeNumber('--in-flight', one, 1, 4096)),
    workers: 16,
    rounds: wholeNumber('--rounds', values.rounds ?? base.rounds, 1, 100),
    seconds: figure('--seconds', values.seconds ?? base.seconds, 0.1, 600),
    idle: wholeNumber('--idle', values.idle ?? base.idle, 0, 20_000),
    out: values.out ?? base.out,
    profile: values.profile ?? '',
  };
}

function figure(option: string, written: string, min: number, max: number): number {
  const value = Number(written);
  if (written.trim() === '' || !(value >= min && value <= max))
    throw new Error(`${option}: '${written}' is not a number from ${String(min)} to ${String(max)}`);
  return value;
}
