/** Samples to Markdown tables. Pure: the same samples give the same text. */
import type { IdleSample } from '../measure/idle-connections.ts';
import type { Sample } from '../measure/round-trips.ts';
import { show, spreadOf } from './spread.ts';

/** A first column of names and columns of figures. */
export const figuresTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  markdownTable(header, '---:', rows);

/** Two columns of words. */
export const wordsTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  markdownTable(header, '---', rows);

function markdownTable(
  header: readonly string[],
  alignment: string,
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const ruler = header.map((_, column) => (column === 0 ? '---' : alignment));
  return [header, ruler, ...rows].map(line).join('\n');
}

/** Speed and CPU at one number in flight, with the ratio to `baseline` taken round by round. */
export function tripsTable(samples: readonly Sample[], baseline: string): string {
  const baselineCpu = new Map(
    samples.filter(({ system }) => system === baseline).map(({ round, cpu }) => [round, cpu.total]),
  );
  const rows = bySystem(samples).map(([system, own]) => {
    const pick = (figure: (sample: Sample) => number, digits = 0) => show(own.map(figure), digits);
    return [
      system,
      pick(({ cpu }) => cpu.total),
      ratios(own, baselineCpu),
      pick(({ tripsPerSecond }) => tripsPerSecond),
      pick(({ p50Ms }) => p50Ms, 2),
      pick(({ p99Ms }) => p99Ms, 2),
    ];
  });
  return figuresTable(
    ['system', 'CPU µs a trip', `CPU to ${baseline}`, 'trips a second', 'p50 ms', 'p99 ms'],
    rows,
  );
}

/** Where the CPU went and what Redis saw, per round trip; medians. */
export function partsTable(samples: readonly Sample[]): string {
  const rows = bySystem(samples).map(([system, own]) => {
    const middle = (figures: readonly number[], digits = 0) => show([medianOf(figures)], digits);
    const counts = own.flatMap(({ redis }) => redis ?? []);
    const ofRedis = (figure: (count: (typeof counts)[number]) => number, digits = 0) =>
      counts.length === 0 ? '–' : middle(counts.map(figure), digits);
    return [
      system,
      middle(own.map(({ cpu }) => cpu.a)),
      middle(own.map(({ cpu }) => cpu.b)),
      middle(own.map(({ cpu }) => cpu.redis)),
      ofRedis(({ commands }) => commands, 1),
      ofRedis(({ scripts }) => scripts, 2),
      ofRedis(({ bytesIn }) => bytesIn),
      ofRedis(({ bytesOut }) => bytesOut),
    ];
  });
  const header = [
    'system',
    'A µs',
    'B µs',
    'Redis µs',
    'commands',
    'script calls',
    'bytes to Redis',
    'bytes from Redis',
  ];
  return figuresTable(header, rows);
}

export function idleTable(samples: readonly IdleSample[]): string {
  const rows = bySystem(samples).map(([system, own]) => [
    system,
    own[0]!.connections.toLocaleString('en-US'),
    show(
      own.map(({ kilobytes }) => kilobytes),
      1,
    ),
    show(own.map(({ acceptCpu }) => acceptCpu)),
  ]);
  return figuresTable(['system', 'connections', 'RSS kB a connection', 'CPU µs to accept one'], rows);
}

/** Against the baseline of the same round, so that a slow minute of the machine cancels out. */
function ratios(samples: readonly Sample[], baselineCpu: ReadonlyMap<number, number>): string {
  const known = samples.flatMap(({ round, cpu }) => {
    const other = baselineCpu.get(round);
    return other === undefined ? [] : [cpu.total / other];
  });
  return known.length === 0 ? '–' : show(known, 2);
}

const medianOf = (figures: readonly number[]): number => spreadOf(figures).median;

function bySystem<S extends { readonly system: string }>(samples: readonly S[]): [string, S[]][] {
  return [...Map.groupBy(samples, ({ system }) => system)];
}
