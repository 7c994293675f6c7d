/**
 * Judges a history. Pure: the same events give the same verdicts. Each verdict comes with the few events that show it, so
 * that a person need not read the other thousands. docs/design/faults.md says which invariant each one stands for.
 */
import {
  conflictingAnswers,
  duplicatedAnswers,
  foreignAnswers,
  lostAnswers,
  repeatedRequests,
  sequenceFaults,
} from './checks/answers.ts';
import { crashes, leftOver } from './checks/books.ts';
import { readLedger, type Ledger, type Limits, type Verdict, type Violation } from './checks/ledger.ts';
import { orderFaults } from './checks/order.ts';
import { runFaults, slotFaults } from './checks/runs.ts';
import { forgottenSessions, ignoredRequests, slowReplies, strandedSessions } from './checks/sessions.ts';
import type { HistoryEvent } from './history.ts';

export type { Limits, Verdict, Violation } from './checks/ledger.ts';

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  readonly seen: {
    readonly events: number;
    readonly submitted: number;
    readonly accepted: number;
    readonly refused: number;
    readonly resumed: number;
    readonly answered: number;
    readonly failed: number;
    readonly runs: number;
  };
}

const checks: readonly ((ledger: Ledger, limits: Limits) => Violation[])[] = [
  lostAnswers,
  conflictingAnswers,
  duplicatedAnswers,
  sequenceFaults,
  foreignAnswers,
  repeatedRequests,
  orderFaults,
  runFaults,
  slotFaults,
  ignoredRequests,
  slowReplies,
  forgottenSessions,
  strandedSessions,
  leftOver,
  crashes,
];

export function judge(events: readonly HistoryEvent[], limits: Limits): Judgement {
  const ledger = readLedger(events);
  const violations = checks.flatMap((check) => check(ledger, limits));
  const counts: Partial<Record<Verdict, number>> = {};
  for (const { verdict } of violations) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return { violations, counts, seen: seenIn(ledger) };
}

function seenIn(ledger: Ledger): Judgement['seen'] {
  const answers = ledger.eventsOf('answer', 'ok');
  return {
    events: ledger.events.length,
    submitted: ledger.requests.length,
    accepted: ledger.requests.filter(({ accepted }) => accepted.length > 0).length,
    refused: ledger.requests.filter(({ refused }) => refused.length > 0).length,
    resumed: ledger.eventsOf('resume', 'ok').length,
    answered: answers.filter(({ outcome }) => outcome === 'result').length,
    failed: answers.filter(({ outcome }) => outcome === 'failure').length,
    runs: ledger.eventsOf('assign', 'ok').length,
  };
}

/** A violation as lines for a terminal; the events as JSON, the earliest at time 0. */
export function describeViolation({ verdict, says, events }: Violation): string {
  const start = Math.min(...events.map(({ at }) => at));
  const lines = events.map(
    (event) => `    ${JSON.stringify({ ...event, at: Math.round(event.at - start) })}`,
  );
  return [`${verdict}: ${says}`, ...lines].join('\n');
}
