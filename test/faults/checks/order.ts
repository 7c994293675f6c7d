/**
 * J7: an answer may pass one with a lower index only after it has been held for it. How long it was held cannot be seen
 * from outside, but it became final no earlier than its node sent it, or was submitted: if less than the hold lies between
 * that and its delivery, it was not held.
 */
import type { HistoryEvent } from '../history.ts';
import type { Ledger, Limits, Request, Violation } from './ledger.ts';

export function orderFaults(ledger: Ledger, limits: Limits): Violation[] {
  return [...ledger.answers].flatMap(([session, answers]) => {
    const requests = ledger.requests.filter((request) => request.session === session);
    const settled = new Set<number>();
    return answers.flatMap((answer) => {
      const below = openBelow(answer, requests, settled);
      // What was passed once, rightly or not, accepted or not, is not waited for again.
      for (const { index } of below) settled.add(index);
      if (answer.index !== undefined) settled.add(answer.index);
      const passed = below.filter(({ accepted: [accepted] }) => accepted && accepted.at < answer.at);
      return passed.length === 0 ? [] : tooSoon(answer, passed, { answers, ledger, limits });
    });
  });
}

/** Requests that were sent before this answer came, with a lower index, and not answered or passed before. */
function openBelow(
  answer: HistoryEvent,
  requests: readonly Request[],
  settled: ReadonlySet<number>,
): Request[] {
  if (answer.outcome === 'missing') return [];
  return requests.filter(
    ({ index, sent: [sent] }) =>
      index < (answer.index ?? 0) && !settled.has(index) && sent !== undefined && sent.at < answer.at,
  );
}

interface Surroundings {
  readonly answers: readonly HistoryEvent[];
  readonly ledger: Ledger;
  readonly limits: Limits;
}

function tooSoon(answer: HistoryEvent, passed: readonly Request[], surroundings: Surroundings): Violation[] {
  const { answers, ledger, limits } = surroundings;
  const wasHeld = (one: HistoryEvent) =>
    one.at - finalSince(one.job, ledger) >= limits.holdMs - limits.toleranceMs;
  // One whose hold ended takes along those with lower indexes that have waited less long.
  const takenAlong = answers.some(
    (one) =>
      one.at >= answer.at &&
      one.at <= answer.at + limits.toleranceMs &&
      (one.index ?? 0) > (answer.index ?? 0) &&
      wasHeld(one),
  );
  if (wasHeld(answer) || takenAlong) return [];
  const heldMs = Math.round(answer.at - finalSince(answer.job, ledger));
  const indexes = passed.map(({ index }) => index).join(', ');
  return [
    {
      verdict: 'out-of-order',
      says: `utterance ${answer.index ?? '?'} passed ${indexes} after ${heldMs} ms at most`,
      events: [...passed.flatMap(({ accepted }) => accepted), answer],
    },
  ];
}

/** The earliest moment at which it can have become final: a failure may have been one since it was submitted. */
function finalSince(job: string | undefined, ledger: Ledger): number {
  const story = job === undefined ? [] : (ledger.eventsOfJob.get(job) ?? []);
  const sent = story.find(({ op, phase }) => op === 'result' && phase === 'invoke');
  const failed = story.some(({ op, outcome }) => op === 'answer' && outcome === 'failure');
  if (sent && !failed) return sent.at;
  const request = job === undefined ? undefined : ledger.requestOfJob.get(job);
  return request?.sent[0]?.at ?? Number.NEGATIVE_INFINITY;
}
