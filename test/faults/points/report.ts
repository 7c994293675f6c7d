/** Counts of a run, and how they are told. A point counts as survived only when its fault struck. */
import type { Verdict } from '../checker.ts';
import { kinds, moments, type FaultPoint } from './plan.ts';
import type { PointResult } from './run-point.ts';
import { steps } from './steps.ts';

const counted = ['submitted', 'accepted', 'refused', 'answered', 'failed', 'runs', 'resumed'] as const;

export interface Totals {
  readonly planned: number;
  run: number;
  survived: number;
  broken: number;
  notStruck: number;
  errors: number;
  readonly jobs: Record<(typeof counted)[number], number>;
  readonly verdicts: Partial<Record<Verdict, number>>;
  /** Survived, and run, by step and by kind. */
  readonly byStep: Map<number, Row>;
  readonly byKind: Map<string, Row>;
  /** How many jobs failed, by the point at which they did: nothing is lost, and yet somebody was not served. */
  readonly failedAt: Map<string, number>;
}

interface Row {
  survived: number;
  run: number;
}

export const emptyTotals = (planned: number): Totals => ({
  planned,
  run: 0,
  survived: 0,
  broken: 0,
  notStruck: 0,
  errors: 0,
  jobs: { submitted: 0, accepted: 0, refused: 0, answered: 0, failed: 0, runs: 0, resumed: 0 },
  verdicts: {},
  byStep: new Map(),
  byKind: new Map(),
  failedAt: new Map(),
});

export function addResult(totals: Totals, { point, fired, judgement }: PointResult): void {
  const broken = judgement.violations.length > 0;
  const survived = fired && !broken;
  if (broken) totals.broken += 1;
  else if (fired) totals.survived += 1;
  else totals.notStruck += 1;
  count(totals, point, survived);
  if (judgement.seen.failed > 0) totals.failedAt.set(point.id, judgement.seen.failed);
  for (const key of counted) totals.jobs[key] += judgement.seen[key];
  for (const [verdict, times] of Object.entries(judgement.counts) as [Verdict, number][]) {
    totals.verdicts[verdict] = (totals.verdicts[verdict] ?? 0) + times;
  }
}

/** The point could not be run to its end: that is not survival either. */
export function addError(totals: Totals, point: FaultPoint): void {
  totals.errors += 1;
  count(totals, point, false);
}

function count(totals: Totals, { step, moment, kind }: FaultPoint, survived: boolean): void {
  totals.run += 1;
  countIn(totals.byStep, step.number, survived);
  countIn(totals.byKind, `${kind} ${moment}`, survived);
}

function countIn<Key>(rows: Map<Key, Row>, key: Key, survived: boolean): void {
  const { survived: before, run } = rows.get(key) ?? { survived: 0, run: 0 };
  rows.set(key, { survived: before + (survived ? 1 : 0), run: run + 1 });
}

export function renderTotals(totals: Totals): string {
  const { run, survived, broken, notStruck, errors, jobs } = totals;
  const cell = (row: Row | undefined) => (row ? `${row.survived}/${row.run}` : '-').padStart(9);
  const byStep = steps.map(
    ({ number, name }) =>
      `  ${String(number).padStart(2)} ${name.padEnd(28)}${cell(totals.byStep.get(number))}`,
  );
  const byKind = kinds.map(
    (kind) =>
      `  ${kind.padEnd(10)}${moments.map((moment) => cell(totals.byKind.get(`${kind} ${moment}`))).join('')}`,
  );
  const verdicts = Object.entries(totals.verdicts).map(([verdict, times]) => `${verdict} ${times}`);
  const failedAt = [...totals.failedAt].map(([point, times]) => `${point} ${times}`);
  return [
    'survived/run by step',
    ...byStep,
    `survived/run by kind: ${moments.join(', ')}`,
    ...byKind,
    `jobs: ${jobs.submitted} submitted, ${jobs.accepted} accepted, ${jobs.refused} refused, ${jobs.answered} answered, ${jobs.failed} failed; ${jobs.runs} runs, ${jobs.resumed} sessions resumed`,
    ...(failedAt.length === 0 ? [] : [`jobs failed at: ${failedAt.join(', ')}`]),
    `violations: ${verdicts.length === 0 ? 'none' : verdicts.join(', ')}`,
    `${survived} of ${run} fault points survived, ${broken} broken, ${notStruck} not struck, ${errors} could not be run`,
  ].join('\n');
}
