/** J5 and J10: how often, where and how many at once jobs run on nodes. */
import type { HistoryEvent } from '../history.ts';
import { groupBy, type Ledger, type Limits, type Violation } from './ledger.ts';

export function runFaults(ledger: Ledger, limits: Limits): Violation[] {
  const byJob = groupBy(ledger.eventsOf('assign', 'ok'), ({ job }) => job);
  return [...byJob.values()].flatMap((runs) => [
    ...ranTwice(runs, ledger),
    ...ranTooOften(runs, ledger, limits),
    ...overlapped(runs, ledger, limits),
  ]);
}

/** A node that lost what it ran may be told to do the same attempt once more. */
function ranTwice(runs: readonly HistoryEvent[], ledger: Ledger): Violation[] {
  return [...groupBy(runs, ({ attempt }) => String(attempt)).values()]
    .filter((same) => same.slice(0, -1).some((run) => !wasLost(run, ledger)))
    .map((events) => ({ verdict: 'ran-twice', says: 'one attempt was started twice', events }));
}

const wasLost = (run: HistoryEvent, ledger: Ledger): boolean =>
  releasesOf(run.job, ledger).some(
    ({ actor, attempt, detail }) => actor === run.actor && attempt === run.attempt && detail === 'lost',
  );

function ranTooOften(runs: readonly HistoryEvent[], ledger: Ledger, { extraRuns }: Limits): Violation[] {
  const lost = releasesOf(runs[0]?.job, ledger).filter(({ detail }) => detail === 'lost').length;
  if (runs.length <= 1 + extraRuns + lost) return [];
  return [{ verdict: 'too-many-runs', says: `${runs.length} runs of one job`, events: runs }];
}

/** A second run may begin when the first has ended, timed out, or lost its instance. */
function overlapped(runs: readonly HistoryEvent[], ledger: Ledger, limits: Limits): Violation[] {
  return runs.slice(1).flatMap((run, position) => {
    const earlier = runs[position];
    if (!earlier) return [];
    const endedAt = endOf(earlier, ledger);
    const excused =
      endedAt <= run.at + limits.toleranceMs ||
      run.at - earlier.at >= limits.jobTimeoutMs - limits.toleranceMs ||
      ledger.eventsOf('fault').some(({ at }) => at >= earlier.at - limits.jobTimeoutMs && at <= run.at);
    return excused
      ? []
      : [{ verdict: 'overlap', says: 'two attempts ran at the same time', events: [earlier, run] }];
  });
}

function endOf(run: HistoryEvent, ledger: Ledger): number {
  const end = releasesOf(run.job, ledger).find(
    ({ actor, attempt }) => actor === run.actor && attempt === run.attempt,
  );
  return end?.at ?? Number.POSITIVE_INFINITY;
}

const releasesOf = (job: string | undefined, ledger: Ledger): HistoryEvent[] =>
  (job === undefined ? [] : (ledger.eventsOfJob.get(job) ?? [])).filter(({ op }) => op === 'release');

export function slotFaults(ledger: Ledger): Violation[] {
  const nodeEvents = ledger.events.filter(
    ({ op }) => op === 'register' || op === 'assign' || op === 'release',
  );
  return [...groupBy(nodeEvents, ({ actor }) => actor)].flatMap(([node, events]) => overSlots(node, events));
}

function overSlots(node: string, events: readonly HistoryEvent[]): Violation[] {
  const running = new Map<string, HistoryEvent>();
  let slots = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const run = `${event.job ?? ''} ${event.attempt ?? ''}`;
    if (event.op === 'register') slots = event.slots ?? slots;
    else if (event.op === 'release') running.delete(run);
    else if (event.phase === 'ok') running.set(run, event);
    if (running.size > slots) {
      const says = `node ${node} ran ${running.size} jobs on ${slots} slots`;
      return [{ verdict: 'over-slots', says, events: [...running.values()] }];
    }
  }
  return [];
}
