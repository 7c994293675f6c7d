/** J1 to J4 and J6: every accepted job has one answer, its own, told once, and one request is one job. */
import { contentHash, type HistoryEvent } from '../history.ts';
import { groupBy, type Ledger, type Limits, type Request, type Violation } from './ledger.ts';

export function lostAnswers(ledger: Ledger, { boundMs }: Limits): Violation[] {
  return ledger.requests.flatMap((request): Violation[] => {
    const [accepted] = request.accepted;
    if (!accepted) return [];
    const answer = answersTo(request, ledger)[0];
    const events = [...request.sent, accepted];
    if (!answer) {
      if (saidAgainElsewhere(request, ledger)) return [];
      if (!ledger.connected.has(request.session) && keptForLater(accepted.job, ledger)) return [];
      const says = `accepted ${named(request)} and never answered`;
      return [{ verdict: 'lost', says, events: [...events, ...storyOf(accepted.job, ledger)] }];
    }
    const tookMs = answer.at - accepted.at;
    if (tookMs <= boundMs) return [];
    return [
      {
        verdict: 'late',
        says: `${named(request)} was answered after ${Math.round(tookMs)} ms`,
        events: [...events, answer],
      },
    ];
  });
}

/** The session was cut off: its answer must stand where a resume would find it. */
const keptForLater = (job: string | undefined, ledger: Ledger): boolean =>
  storyOf(job, ledger).some(({ op }) => op === 'outbox');

/** The store has forgotten the session, and its client asks in the next one. */
const saidAgainElsewhere = ({ session, key }: Request, ledger: Ledger): boolean =>
  ledger.requests.some((other) => other.session === ledger.movedTo.get(session) && other.key === key);

export function conflictingAnswers(ledger: Ledger): Violation[] {
  const said = [...ledger.eventsOf('answer', 'ok'), ...ledger.eventsOf('wire'), ...ledger.eventsOf('outbox')];
  const conflicts = [...groupBy(said, ({ job }) => job)].filter(([, events]) => contents(events).size > 1);
  return [
    ...conflicts.map(([job, events]): Violation => ({
      verdict: 'conflict',
      says: `job ${job} ended in two ways`,
      events,
    })),
    ...answeredAfterRefusal(ledger),
    ...missingButAccepted(ledger),
  ];
}

const contents = (events: readonly HistoryEvent[]) =>
  new Set(events.map(({ outcome, hash }) => `${outcome ?? ''} ${outcome === 'result' ? (hash ?? '') : ''}`));

function answeredAfterRefusal(ledger: Ledger): Violation[] {
  return ledger.requests.flatMap((request): Violation[] => {
    const [refused] = request.refused;
    const answer = answersTo(request, ledger)[0];
    if (!refused || request.accepted.length > 0 || !answer) return [];
    return [
      { verdict: 'conflict', says: `${named(request)} was refused and answered`, events: [refused, answer] },
    ];
  });
}

/** `missing` says that nothing will come for an index; that is false of one that was accepted before. */
function missingButAccepted(ledger: Ledger): Violation[] {
  const missing = ledger.eventsOf('answer', 'ok').filter(({ outcome }) => outcome === 'missing');
  return missing.flatMap((answer): Violation[] => {
    const request = ledger.requests.find(
      ({ session, index }) => session === answer.session && index === answer.index,
    );
    const accepted = request?.accepted[0];
    if (!accepted || accepted.at > answer.at) return [];
    return [
      { verdict: 'conflict', says: `an accepted index was called missing`, events: [accepted, answer] },
    ];
  });
}

export function duplicatedAnswers(ledger: Ledger): Violation[] {
  const stored = [...groupBy(ledger.eventsOf('outbox'), ({ job }) => job)].filter(
    ([, same]) => same.length > 1,
  );
  return [
    ...handedTwice(ledger),
    ...stored.map(([job, events]): Violation => ({
      verdict: 'duplicated',
      says: `job ${job} has ${events.length} answers in the outbox`,
      events,
    })),
  ];
}

function handedTwice(ledger: Ledger): Violation[] {
  return [...ledger.answers].flatMap(([session, answers]) =>
    [...groupBy(answers, identity)]
      .filter(([, same]) => same.length > 1)
      .map(([what, same]): Violation => ({
        verdict: 'duplicated',
        says: `session ${session} was handed the answer to ${what} ${same.length} times`,
        events: same,
      })),
  );
}

const identity = ({ job, index, outcome }: HistoryEvent): string =>
  job ?? `index ${index ?? ''} ${outcome ?? ''}`;

/** A sequence number names one answer for ever, and numbers only grow for the application. */
export function sequenceFaults(ledger: Ledger): Violation[] {
  const numbered = [
    ...ledger.eventsOf('wire'),
    ...ledger.eventsOf('answer', 'ok'),
    ...ledger.eventsOf('outbox'),
  ].filter(({ seq }) => seq !== undefined);
  const reused = [...groupBy(numbered, ({ session, seq }) => `${session ?? ''} ${seq ?? ''}`)].filter(
    ([, events]) => new Set(events.map((event) => `${event.job ?? ''} ${event.hash ?? ''}`)).size > 1,
  );
  return reused.map(([what, events]) => ({
    verdict: 'sequence',
    says: `sequence number ${what} stands for two answers`,
    events,
  }));
}

export function foreignAnswers(ledger: Ledger): Violation[] {
  return ledger.eventsOf('answer', 'ok').flatMap((answer) => foreign(answer, ledger) ?? []);
}

function foreign(answer: HistoryEvent, ledger: Ledger): Violation | undefined {
  const { session = '', job, index, outcome, hash } = answer;
  if (outcome === 'missing') return undefined;
  const request = job === undefined ? requestAt(session, index, ledger) : ledger.requestOfJob.get(job);
  if (!request) return { verdict: 'phantom', says: `an answer to what nobody asked`, events: [answer] };
  if (request.session !== session) {
    return {
      verdict: 'wrong-session',
      says: `an answer for another session`,
      events: [...request.sent, answer],
    };
  }
  const right =
    request.index === index && (outcome !== 'result' || hash === contentHash(request.payloadHash, job ?? ''));
  if (right) return undefined;
  return {
    verdict: 'corrupt',
    says: `${named(request)} has another's index or content`,
    events: [...request.sent, answer],
  };
}

const requestAt = (session: string, index: number | undefined, ledger: Ledger): Request | undefined =>
  ledger.requests.find((request) => request.session === session && request.index === index);

export function repeatedRequests(ledger: Ledger): Violation[] {
  return ledger.requests.flatMap((request): Violation[] => {
    const told = [...request.accepted, ...answersTo(request, ledger)].filter(({ job }) => job !== undefined);
    if (new Set(told.map(({ job }) => job)).size <= 1) return [];
    return [
      { verdict: 'two-jobs', says: `${named(request)} became two jobs`, events: [...request.sent, ...told] },
    ];
  });
}

/** Answers that name the request's job, or its index when they name no job. */
export function answersTo(request: Request, ledger: Ledger): HistoryEvent[] {
  const jobs = new Set(request.accepted.map(({ job }) => job));
  return (ledger.answers.get(request.session) ?? []).filter(
    ({ job, index, outcome }) =>
      outcome !== 'missing' && (jobs.size > 0 && job !== undefined ? jobs.has(job) : index === request.index),
  );
}

export const named = ({ session, index }: Request): string => `utterance ${index} of session ${session}`;

const storyOf = (job: string | undefined, ledger: Ledger): readonly HistoryEvent[] =>
  (job === undefined ? undefined : ledger.eventsOfJob.get(job)) ?? [];
