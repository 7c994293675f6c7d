/** J9 and what resuming promises: every submission hears something soon, and no client is left outside or forgotten. */
import type { HistoryEvent } from '../history.ts';
import { answersTo, named } from './answers.ts';
import type { Ledger, Limits, Request, Violation } from './ledger.ts';

export function ignoredRequests(ledger: Ledger): Violation[] {
  return ledger.requests.flatMap((request): Violation[] => {
    const heard = wordsAbout(request, ledger).length > 0;
    if (heard || !ledger.connected.has(request.session)) return [];
    const says = `${named(request)} was neither accepted, nor refused, nor answered`;
    return [{ verdict: 'ignored', says, events: request.sent }];
  });
}

/** What was sent into a connection that then ended, or while something was broken, may wait longer. */
export function slowReplies(ledger: Ledger, { replyMs }: Limits): Violation[] {
  if (replyMs === undefined) return [];
  const breaks = ledger.events.filter(({ op }) => op === 'fault' || op === 'cut');
  return ledger.requests.flatMap((request): Violation[] => {
    const [sent] = request.sent;
    const [word] = wordsAbout(request, ledger);
    if (!sent || !word || word.at - sent.at <= replyMs) return [];
    if (breaks.some(({ at }) => at >= sent.at - excusedMs && at <= word.at)) return [];
    const says = `the first word about ${named(request)} came after ${Math.round(word.at - sent.at)} ms`;
    return [{ verdict: 'slow-reply', says, events: [sent, word] }];
  });
}

/** How long a fault may still be felt. */
const excusedMs = 5000;

const wordsAbout = (request: Request, ledger: Ledger): HistoryEvent[] =>
  [...request.accepted, ...request.refused, ...request.unknown, ...answersTo(request, ledger)].toSorted(
    (one, other) => one.at - other.at,
  );

export function forgottenSessions(ledger: Ledger, { forgets }: Limits): Violation[] {
  const refused = ledger.eventsOf('resume', 'fail');
  const replaced = forgets ? [] : ledger.eventsOf('open').filter(({ instead }) => instead !== undefined);
  return [...refused, ...replaced].map((event) => ({
    verdict: 'forgotten',
    says: `${event.actor} came back and was not known`,
    events: [event],
  }));
}

/** When all is healed, everybody who did not want to leave is connected. */
export function strandedSessions(ledger: Ledger): Violation[] {
  const left = new Set(
    ledger.eventsOf('cut').flatMap(({ detail, session }) => (detail === 'left' ? session : [])),
  );
  const lastCuts = new Map(ledger.eventsOf('cut').map((cut) => [cut.session ?? '', cut]));
  return [...lastCuts].flatMap(([session, cut]): Violation[] => {
    if (left.has(session) || ledger.connected.has(session) || ledger.movedTo.has(session)) return [];
    return [{ verdict: 'stranded', says: `session ${session} never came back`, events: [cut] }];
  });
}
