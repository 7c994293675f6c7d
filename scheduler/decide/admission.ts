/**
 * Whether one more utterance is taken on. It is refused while it costs nothing yet, so that what was accepted is still
 * answered in time. Only new work is ever refused: answers, acknowledgements and heartbeats lighten the load. A session
 * that comes back is never refused, but when too many do it is told when it is its turn.
 */

export interface Load {
  /** Utterances of this session that have no answer yet. */
  readonly openJobs: number;
  /** Answers the session's client has not acknowledged; 0 for one that never does. */
  readonly unacknowledged: number;
  /** Jobs of this instance that wait for a node. */
  readonly waitingJobs: number;
  /** How late the event loop is, in milliseconds. */
  readonly loopDelayMs: number;
}

export interface AdmissionLimits {
  readonly maxOpenJobs: number;
  readonly maxUnacknowledged: number;
  readonly maxWaitingJobs: number;
  /** 0: the event loop is not looked at. */
  readonly maxLoopDelayMs: number;
}

export const refusalCauses = ['session_jobs', 'unacknowledged', 'waiting_jobs', 'event_loop'] as const;
export type RefusalCause = (typeof refusalCauses)[number];

export interface Refusal {
  readonly cause: RefusalCause;
  /** When it makes sense to try again. */
  readonly retryAfterMs: number;
}

/** A session soon has room again when it reads its answers; an instance that is behind needs longer. */
const retryAfterMs: Readonly<Record<RefusalCause, number>> = {
  session_jobs: 500,
  unacknowledged: 500,
  waiting_jobs: 1000,
  event_loop: 2000,
};

/** Why an utterance is refused; undefined when it is taken. The session's own limits come first: it can mend those. */
export function refusalOf(load: Load, limits: AdmissionLimits): Refusal | undefined {
  const cause = causeOf(load, limits);
  return cause && { cause, retryAfterMs: retryAfterMs[cause] };
}

function causeOf(load: Load, limits: AdmissionLimits): RefusalCause | undefined {
  if (load.openJobs >= limits.maxOpenJobs) return 'session_jobs';
  if (load.unacknowledged >= limits.maxUnacknowledged) return 'unacknowledged';
  if (load.waitingJobs >= limits.maxWaitingJobs) return 'waiting_jobs';
  const late = limits.maxLoopDelayMs > 0 && load.loopDelayMs >= limits.maxLoopDelayMs;
  return late ? 'event_loop' : undefined;
}

/** Whoever is sent away comes back no sooner and no later than this. */
const soonestMs = 500;
const latestMs = 10_000;

/**
 * When one more that was sent away should come back: after those before it, as fast as they are served, so that neither
 * all come at once again nor nobody does.
 *
 * @param bookedMs when the last one before it should
 */
export const returnAtMs = (bookedMs: number, nowMs: number, eachMs: number): number =>
  Math.min(Math.max(bookedMs, nowMs + soonestMs) + eachMs, nowMs + latestMs);
