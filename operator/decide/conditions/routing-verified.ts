/**
 * RoutingVerified: a job of a session on one instance reaches a node on another one, and its answer comes back. Tried by the
 * instances themselves, with jobs that belong to no session; this is the guide's check of a deployment, repeated for as long as it runs.
 */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import type { FailedOutcome, RouteFailure, RoutesSeen } from '../routes.ts';
import { isReady } from '../pods.ts';
import { instances, previous, wantedPods, type Facts } from './facts.ts';

/** So many pairs are named. */
const namedMax = 4;

export function routingVerified(facts: Facts, progressing: Verdict): Verdict {
  const { cluster, seen } = facts;
  if (cluster.spec.replicas === 0) return verdict('Unknown', 'Hibernated', 'No instance runs.');
  const { routes } = seen;
  const [failure, ...others] = routes?.failing ?? [];
  if (failure) return failed(failure, 1 + others.length);
  if (isChanging(progressing))
    return verdict('Unknown', 'FleetChanging', 'Instances come and go; their routes are tried as they stay.');
  if (routes?.isVerified) return verified(routes);
  return (routes?.doubt === undefined ? asBefore(facts) : undefined) ?? notTried(routes?.doubt);
}

function notTried(doubt: string | undefined): Verdict {
  const why = doubt === undefined ? '' : ` The last try said nothing: ${doubt}.`;
  return verdict('Unknown', 'RouteNotTried', `Not every instance was tried as session and as node.${why}`);
}

/** While a canary is watched the others stay, so that what is known holds. */
const isChanging = ({ status, reason }: Verdict): boolean =>
  status === 'True' && ['Creating', 'Scaling', 'RollingOut'].includes(reason);

function verified({ ring, withinMs }: RoutesSeen): Verdict {
  const time = withinMs > 0 ? ` within ${String(withinMs)} ms` : '';
  const [first] = ring;
  if (ring.length === 1 && first)
    return verdict(
      'True',
      'RouteToItself',
      `A job of ${first[0]} came back through Redis${time}; with one instance there is no other to route to.`,
    );
  const named = ring.slice(0, namedMax).map(([session, node]) => `${session} to ${node}`);
  const others = ring.length > namedMax ? [`${String(ring.length - namedMax)} more`] : [];
  const pairs = [...named, ...others].join(', ');
  return verdict(
    'True',
    'RouteVerified',
    `Jobs went between ${instances(ring.length)} and back${time}: ${pairs}. One is tried again about every minute.`,
  );
}

const reasons = {
  unanswered: 'RouteUnanswered',
  busy: 'RouteInboxFull',
  no_owner: 'RoutePeerUnknown',
  unavailable: 'RouteStoreRefuses',
} as const satisfies Record<FailedOutcome, Reason>;

const happened = {
  unanswered: 'was not answered',
  busy: 'did not fit into the inbox',
  no_owner: 'was not sent, because nobody holds the lease of that instance in Redis',
  unavailable: 'was not recorded by Redis',
} as const satisfies Record<FailedOutcome, string>;

function failed({ session, node, outcome, detail }: RouteFailure, count: number): Verdict {
  const said = detail ? ` (${detail})` : '';
  const others = count > 1 ? ` ${String(count)} routes fail.` : '';
  const message = `A job from ${session} to ${node} ${happened[outcome]}${said}, several times in a row.${others}`;
  return verdict('False', reasons[outcome], message);
}

/** What was known of this generation: an operator that has just started has tried nothing, and says nothing against it. */
function asBefore(facts: Facts): Verdict | undefined {
  const before = previous(facts, 'RoutingVerified');
  const isOfThisWish = before?.observedGeneration === facts.cluster.metadata.generation;
  const isTold = before?.reason === 'RouteVerified' || before?.reason === 'RouteToItself';
  const isAsTold = before?.status === 'True' && wantedPods(facts).every(isReady);
  if (!before || !isOfThisWish || !isTold || !isAsTold) return undefined;
  return { status: before.status, reason: before.reason as Reason, message: before.message };
}
