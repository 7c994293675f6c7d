/**
 * Which routes between instances are tried next, and what is known of them. Instances stand in a ring, in the order of their
 * ordinals: each gives a job to the next one, so that with as many tries as instances each was tried on both sides. Pure.
 */
import type { ProbeOutcome } from '../../common/admin-api.ts';

/** An instance that is ready. */
export interface Member {
  /** Of its pod. */
  readonly uid: string;
  readonly instanceId: string;
  readonly address: string;
}

export interface Route {
  /** Plays the session. */
  readonly from: Member;
  /** Plays the node. */
  readonly to: Member;
}

/** What a try brought; `silent` when the instance that was asked said nothing of use. */
export interface Tried {
  readonly outcome: ProbeOutcome | 'silent';
  readonly detail: string;
  readonly tookMs: number;
}

interface Trial extends Tried {
  /** Tries in a row that had no answer. */
  readonly inVain: number;
  readonly order: number;
}

export interface RoutesKnown {
  /** Uids of pods that have given a job away and got its answer, and of those that have answered one. */
  readonly asSession: ReadonlySet<string>;
  readonly asNode: ReadonlySet<string>;
  /** The last try of each route. */
  readonly trials: ReadonlyMap<string, Trial>;
  /** The slowest answer so far took no longer than this, one of a few figures. */
  readonly withinMs: number;
  readonly tries: number;
}

export const nothingKnown: RoutesKnown = {
  asSession: new Set(),
  asNode: new Set(),
  trials: new Map(),
  withinMs: 0,
  tries: 0,
};

/** What a status says of it: nothing here changes while the routes stay as they are. */
export interface RoutesSeen {
  /** Instance ids, the session's first. */
  readonly ring: readonly (readonly [session: string, node: string])[];
  readonly isVerified: boolean;
  readonly failing: readonly RouteFailure[];
  /** Why tries said nothing, when that is why it is not verified. */
  readonly doubt: string | undefined;
  readonly withinMs: number;
}

export interface RouteFailure {
  readonly session: string;
  readonly node: string;
  readonly outcome: FailedOutcome;
  readonly detail: string;
}

/** Outcomes that say something against the route; the others say that it could not be tried. */
const failedOutcomes = ['unanswered', 'busy', 'no_owner', 'unavailable'] as const;
export type FailedOutcome = (typeof failedOutcomes)[number];
const isFailed = (outcome: Tried['outcome']): outcome is FailedOutcome =>
  (failedOutcomes as readonly string[]).includes(outcome);

/** One failure is chance: an instance was restarted, a packet was lost. */
const failuresMin = 3;

/** Seconds to wait before a route is tried: for the first time; that had no answer; that had none for long; that is known. */
const paceMs = { first: 600, doubtful: 5_000, failing: 15_000, known: 60_000 };

/** Coarse, because a status that climbs a step is a write to an otherwise settled cluster. */
const answeredWithin = [1_000, 10_000];

export const ring = (members: readonly Member[]): Route[] =>
  members.map((from, i) => ({ from, to: members[(i + 1) % members.length] ?? from }));

const keyOf = ({ from, to }: Route): string => `${from.uid}>${to.uid}`;

const isKnown = ({ from, to }: Route, { asSession, asNode }: RoutesKnown): boolean =>
  asSession.has(from.uid) && asNode.has(to.uid);

/** The route to try next, and how long to wait before; undefined when nobody is ready. */
export function nextTry(
  members: readonly Member[],
  known: RoutesKnown,
): { readonly route: Route; readonly inMs: number } | undefined {
  const routes = ring(members);
  const lastOf = (route: Route) => known.trials.get(keyOf(route));
  const unknown = routes.filter((route) => !isKnown(route, known) || !lastOf(route));
  const [route] = (unknown.length > 0 ? unknown : routes).toSorted(
    (a, b) => (lastOf(a)?.order ?? -1) - (lastOf(b)?.order ?? -1),
  );
  if (!route) return undefined;
  const last = lastOf(route);
  if (unknown.length === 0) return { route, inMs: paceMs.known };
  if (!last || last.inVain === 0) return { route, inMs: paceMs.first };
  return { route, inMs: last.inVain < failuresMin ? paceMs.doubtful : paceMs.failing };
}

export function withTry(known: RoutesKnown, route: Route, tried: Tried): RoutesKnown {
  const before = known.trials.get(keyOf(route));
  const isAnswered = tried.outcome === 'answered';
  const trial = { ...tried, inVain: isAnswered ? 0 : (before?.inVain ?? 0) + 1, order: known.tries };
  const trials = new Map(known.trials).set(keyOf(route), trial);
  const change = isAnswered ? including : isFailed(tried.outcome) ? excluding : same;
  const within = answeredWithin.find((ms) => tried.tookMs <= ms) ?? tried.tookMs;
  return {
    asSession: change(known.asSession, route.from.uid),
    asNode: change(known.asNode, route.to.uid),
    trials,
    withinMs: isAnswered ? Math.max(known.withinMs, within) : known.withinMs,
    tries: known.tries + 1,
  };
}

/** Pods that are gone are forgotten; of those that only are not ready it is remembered that they once got through. */
export function among(
  known: RoutesKnown,
  uids: ReadonlySet<string>,
  members: readonly Member[],
): RoutesKnown {
  const still = new Set(ring(members).map(keyOf));
  return {
    ...known,
    asSession: onlyOf(known.asSession, uids),
    asNode: onlyOf(known.asNode, uids),
    trials: new Map([...known.trials].filter(([key]) => still.has(key))),
  };
}

export function routesSeen(members: readonly Member[], known: RoutesKnown): RoutesSeen {
  const routes = ring(members);
  const tries = routes.flatMap((route) => {
    const trial = known.trials.get(keyOf(route));
    return trial && trial.inVain >= failuresMin ? [{ route, trial }] : [];
  });
  const failing = tries.flatMap(({ route: { from, to }, trial: { outcome, detail } }) =>
    isFailed(outcome)
      ? [{ session: from.instanceId, node: to.instanceId, outcome, detail: stable(outcome, detail) }]
      : [],
  );
  const isVerified = routes.length > 0 && routes.every((route) => isKnown(route, known));
  const doubtful = isVerified ? undefined : tries.find(({ trial }) => !isFailed(trial.outcome));
  return {
    ring: routes.map(({ from, to }) => [from.instanceId, to.instanceId]),
    isVerified,
    failing,
    doubt:
      doubtful &&
      `${doubtful.route.from.instanceId} to ${doubtful.route.to.instanceId}: ${doubtful.trial.outcome}${doubtful.trial.detail ? ` (${doubtful.trial.detail})` : ''}`,
    withinMs: known.withinMs,
  };
}

/** What Redis says may be worded anew each time; of the rest only the outcome matters. */
const stable = (outcome: FailedOutcome, detail: string): string => (outcome === 'unavailable' ? detail : '');

const onlyOf = (some: ReadonlySet<string>, all: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...some].filter((uid) => all.has(uid)));
const same = (uids: ReadonlySet<string>): ReadonlySet<string> => uids;
const including = (uids: ReadonlySet<string>, uid: string): ReadonlySet<string> => new Set(uids).add(uid);
const excluding = (uids: ReadonlySet<string>, uid: string): ReadonlySet<string> =>
  new Set([...uids].filter((other) => other !== uid));
