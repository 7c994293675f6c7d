/** The figures as a page, formatted as the project formats Markdown. Pure: the same figures give the same text. */
import { format } from 'prettier';
import { figuresTable, wordsTable } from '../report/tables.ts';
import type { Figures, Memory, Times } from './measure.ts';

/** What the operator is held to. */
const goals = { rssMiB: 96, lookP95Ms: 50, scaleMs: 1_000 } as const;

const mib = ({ resident, ofFiles }: Memory): string =>
  `${(resident / 2 ** 20).toFixed(1)} MiB, ${(ofFiles / 2 ** 20).toFixed(1)} of it pages of files`;
const times = ({ count, p50Ms, p95Ms }: Times): string =>
  `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms of ${String(count)}`;

export function operatorTable({ size, ...seen }: Figures): string {
  const { memory, scaleMs, idle } = seen;
  const p95 = scaleMs[Math.ceil(0.95 * scaleMs.length) - 1] ?? Number.NaN;
  const told = Object.entries(idle).filter(([, count]) => count > 0);
  const asked = told.map(([method, count]) => `${String(count)} ${method}`).join(', ') || 'none';
  const rows: (readonly [string, string, string])[] = [
    ['memory (RSS) without a cluster', mib(memory.empty), ''],
    ['memory after creating and scaling all', mib(memory.worked), `≤ ${String(goals.rssMiB)} MiB`],
    ['memory of an operator that finds all made', mib(memory.fresh), `≤ ${String(goals.rssMiB)} MiB`],
    ['a look while all are created at once', times(seen.creating), ''],
    ['a request to the API server meanwhile', times(seen.creating.requests), ''],
    ['a look while clusters are scaled', times(seen.scaling), `p95 < ${String(goals.lookP95Ms)} ms`],
    ['a request to the API server meanwhile', times(seen.scaling.requests), ''],
    ['a look of an operator that finds all made', times(seen.fresh), `p95 < ${String(goals.lookP95Ms)} ms`],
    ['a request to the API server meanwhile', times(seen.fresh.requests), ''],
    ['writes of that operator, its lease aside', String(seen.fresh.writes), '0'],
    [
      'from a scale request until a watch shows the StatefulSet with it',
      `p50 ${(scaleMs[Math.ceil(0.5 * scaleMs.length) - 1] ?? Number.NaN).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, longest ${(scaleMs.at(-1) ?? Number.NaN).toFixed(0)} ms of ${String(scaleMs.length)}`,
      `< ${String(goals.scaleMs)} ms`,
    ],
    [
      `requests to the API server in ${String(size.idleSeconds)} s of calm`,
      asked,
      'the lease (PUT), watches (GET)',
    ],
    ['questions to instances meanwhile', `${seen.idleAskedPerSecond.toFixed(0)} a second`, ''],
    ['CPU meanwhile', `${seen.idleCpuPercent.toFixed(1)} % of a core`, ''],
    ['from the first cluster until all are ready and verified', `${seen.createdSeconds.toFixed(0)} s`, ''],
  ];
  const title = `${String(size.clusters)} SchedulerClusters of ${String(size.instances)} instances`;
  return figuresTable([title, 'measured', 'goal'], rows);
}

export interface Run {
  /** As a person would repeat it. */
  readonly command: string;
  readonly machine: readonly (readonly [string, string])[];
  readonly at: Date;
}

export function page(figures: Figures, { command, machine, at }: Run): Promise<string> {
  const text = `# Operator: cost

Written by \`${command}\` on ${at.toISOString().slice(0, 10)}. The bundle as the image runs it is a process of its own; API server (the pocket cluster's), StatefulSet controller and
pods are played by another process on the same machine: pods are objects that become ready at once, and their admin APIs answer that all is well. What the API server takes is part of each figure.

${operatorTable(figures)}

${wordsTable(['machine', ''], machine)}
`;
  return format(text, { parser: 'markdown', printWidth: 110 });
}
