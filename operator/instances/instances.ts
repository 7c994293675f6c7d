/**
 * What the instances of all clusters say, kept fresh on a clock of its own: each running pod is asked every few seconds,
 * and the cluster is reconciled only when an answer says something that its status shows.
 */
import type { Clock, Random } from '../../common/clock.ts';
import type { InstanceAnswer } from '../decide/seen.ts';
import { guide } from '../decide/guide.ts';
import type { RoutesSeen } from '../decide/routes.ts';
import { sharing } from '../kube/sharing.ts';
import type { AdminClient } from './admin-client.ts';
import { Routes, type RoutesOptions } from './routes.ts';

export interface Target {
  /** Uid of the pod. */
  readonly uid: string;
  readonly instanceId: string;
  readonly address: string;
  /** Whether Kubernetes calls the pod ready: when that changes, it is asked at once. */
  readonly ready: boolean;
}

export interface InstancesOptions {
  readonly client: Pick<AdminClient, 'ask' | 'drain' | 'probe'>;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks for a look at a cluster. */
  readonly wake: (key: string) => void;
  /** Between two questions to one instance; varied by a fifth. Default 5000. */
  readonly intervalMs?: number;
  /** The same while all of a cluster is well and has said nothing new for a minute. Default 15000. */
  readonly calmIntervalMs?: number;
  /** Told of each try of a route. */
  readonly observeRoute?: RoutesOptions['observe'];
}

/** One of a thousand: it has one timer or one question at a time, and no more. */
interface Followed {
  target: Target;
  readonly token: string;
  isStopped: boolean;
  answer: InstanceAnswer | undefined;
  /** Milliseconds to Redis, as last told; oldest first. */
  roundTrips: readonly number[];
  /** Takes the next question off the clock; undefined while one is under way. */
  unplan: (() => void) | undefined;
  /** It became ready, or not, while it was asked. */
  isStale: boolean;
}

interface FollowedCluster {
  readonly pods: Map<string, Followed>;
  figuresToldAt: number;
  /** Each of its pods was asked once. Before that, what some of them say is not what the fleet does. */
  isHeard: boolean;
  /** When one of them last said something else than before; monotonic milliseconds. */
  newsAt: number;
}

/** A cluster of which nothing new was heard for so long is calm. A fault that comes then makes its pod not ready, which is told at once. */
const calmAfterMs = 60_000;

/** Counts of connections change all the time; so often at most they are worth a look. */
const figuresEveryMs = 60_000;

export class Instances {
  readonly #options: InstancesOptions;
  readonly #clusters = new Map<string, FollowedCluster>();
  readonly #routes: Routes;

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.#routes = new Routes({ ...options, observe: options.observeRoute });
  }

  /** The last answers, by the uid of the pod; none before the first round of questions is over. */
  answers(key: string): ReadonlyMap<string, InstanceAnswer> {
    const cluster = this.#clusters.get(key);
    if (!cluster?.isHeard) return new Map();
    return new Map(
      [...cluster.pods].flatMap(([uid, { answer }]) => (answer ? [[uid, answer] as const] : [])),
    );
  }

  /** What is known of the routes between the instances of a cluster; undefined when none was tried yet. */
  routes(key: string): RoutesSeen | undefined {
    return this.#routes.seen(key);
  }

  /** From now on asks these pods of a cluster, and no others. Routes are tried between them in this order. */
  follow(key: string, targets: readonly Target[], token: string): void {
    const cluster = this.#clusters.get(key) ?? {
      pods: new Map<string, Followed>(),
      figuresToldAt: -Infinity,
      isHeard: false,
      newsAt: this.#options.clock.monotonic(),
    };
    this.#clusters.set(key, cluster);
    const wanted = new Map(targets.map((target) => [target.uid, target]));
    for (const [uid, followed] of cluster.pods) {
      if (wanted.has(uid)) continue;
      stop(followed);
      cluster.pods.delete(uid);
    }
    cluster.isHeard ||= isHeard(cluster);
    for (const target of targets) this.#followOne(key, cluster, target, token);
    const members = targets.filter(({ ready }) => ready);
    const ofPods = members.map(({ uid, instanceId, address }) => ({ uid, instanceId, address }));
    this.#routes.follow(key, ofPods, new Set(wanted.keys()), token);
  }

  /** Tells an instance to drain and notes what it answers; undefined when it is not followed. */
  async drain(key: string, uid: string, timeoutSeconds: number): Promise<InstanceAnswer | undefined> {
    const followed = this.#clusters.get(key)?.pods.get(uid);
    if (!followed) return undefined;
    const { target, token } = followed;
    const order = { timeoutSeconds, podUid: uid };
    const answer = ofTarget(target, await this.#options.client.drain(target.address, token, order));
    if (answer.kind === 'report') followed.answer = answer;
    return answer;
  }

  forget(key: string): void {
    this.follow(key, [], '');
    this.#clusters.delete(key);
    this.#routes.forget(key);
  }

  stop(): void {
    for (const key of [...this.#clusters.keys()]) this.forget(key);
  }

  #followOne(key: string, cluster: FollowedCluster, target: Target, token: string): void {
    const before = cluster.pods.get(target.uid);
    if (before?.token === token && before.target.address === target.address) {
      if (before.target.ready === target.ready) return;
      before.target = target;
      cluster.newsAt = this.#options.clock.monotonic();
      this.#askNow(key, cluster, before);
      return;
    }
    if (before) stop(before);
    const followed: Followed = {
      ...{ target, token, isStopped: false, isStale: false, unplan: undefined },
      answer: before?.answer,
      roundTrips: before?.roundTrips ?? [],
    };
    cluster.pods.set(target.uid, followed);
    void this.#ask(key, cluster, followed);
  }

  #askNow(key: string, cluster: FollowedCluster, followed: Followed): void {
    followed.isStale = followed.unplan === undefined;
    followed.unplan?.();
    if (!followed.isStale) void this.#ask(key, cluster, followed);
  }

  async #ask(key: string, cluster: FollowedCluster, followed: Followed): Promise<void> {
    const { client, wake } = this.#options;
    followed.unplan = undefined;
    followed.isStale = false;
    const { target, token } = followed;
    const answer = measured(followed, ofTarget(target, await client.ask(target.address, token)));
    if (isStopped(followed)) return;
    const before = followed.answer;
    const [wasHeard, wasCalm] = [cluster.isHeard, this.#isCalm(cluster)];
    followed.answer = sharing(before, answer);
    cluster.isHeard ||= isHeard(cluster);
    const isNews = essence(before) !== essence(answer);
    if (isNews) cluster.newsAt = this.#options.clock.monotonic();
    // What changed for one may have changed for all.
    if (isNews && wasCalm) for (const other of cluster.pods.values()) this.#askNow(key, cluster, other);
    const isWorthALook = isNews || !wasHeard || this.#areFiguresDue(cluster, before, answer);
    if (cluster.isHeard && isWorthALook) wake(key);
    this.#plan(key, cluster, followed);
  }

  #plan(key: string, cluster: FollowedCluster, followed: Followed): void {
    const { clock, random, intervalMs = 5_000, calmIntervalMs = 15_000 } = this.#options;
    const everyMs = this.#isCalm(cluster) ? calmIntervalMs : intervalMs;
    const pauseMs = followed.isStale ? 0 : everyMs * (0.8 + 0.4 * random.next());
    followed.unplan = clock.after(pauseMs, () => void this.#ask(key, cluster, followed));
  }

  #isCalm({ pods, newsAt }: FollowedCluster): boolean {
    if (this.#options.clock.monotonic() - newsAt < calmAfterMs) return false;
    return [...pods.values()].every(({ answer }) => isWell(answer));
  }

  #areFiguresDue(cluster: FollowedCluster, before: InstanceAnswer | undefined, now: InstanceAnswer): boolean {
    if (figures(before) === figures(now)) return false;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - cluster.figuresToldAt < figuresEveryMs) return false;
    cluster.figuresToldAt = nowMs;
    return true;
  }
}

/** The address may be another pod's by now, of which the watch has not told yet: what that one says is nothing of this one. */
function ofTarget({ instanceId }: Target, answer: InstanceAnswer): InstanceAnswer {
  if (answer.kind !== 'report' || answer.report.instanceId === instanceId) return answer;
  return { kind: 'silent', error: `${answer.report.instanceId} answers at its address` };
}

/** Nothing about it is waited for. */
function isWell(answer: InstanceAnswer | undefined): boolean {
  if (answer?.kind !== 'report') return false;
  const { ready, redis, lease, drain } = answer.report;
  return ready && redis.reachable && !redis.login?.refused && lease.held && !drain;
}

/** So many answers: a minute of them, or three when all is calm. */
const roundTripsKept = 12;

function measured(followed: Followed, answer: InstanceAnswer): InstanceAnswer {
  if (answer.kind !== 'report' || answer.report.redis.roundTripMs === null) return answer;
  followed.roundTrips = [...followed.roundTrips, answer.report.redis.roundTripMs].slice(-roundTripsKept);
  if (followed.roundTrips.length < roundTripsKept) return answer;
  return { ...answer, fastestRoundTripMs: Math.min(...followed.roundTrips) };
}

const isHeard = ({ pods }: FollowedCluster): boolean =>
  pods.size > 0 && [...pods.values()].every(({ answer }) => answer !== undefined);

function stop(followed: Followed): void {
  followed.isStopped = true;
  followed.unplan?.();
}

/** It may have been stopped during an await, which the compiler does not know. */
const isStopped = (followed: Followed): boolean => followed.isStopped;

/** What a status shows at once. Of an error only that there is one: its text may carry figures that change. */
function essence(answer: InstanceAnswer | undefined): string {
  if (answer?.kind !== 'report') return answer?.kind ?? 'not asked';
  const { phase, ready, configSha256, redis, lease, drain, inbox } = answer.report;
  const overLimits = [
    inbox.pending > guide.inboxPendingMax,
    inbox.dlqLength > guide.dlqLengthMax,
    (answer.fastestRoundTripMs ?? 0) > guide.redisRoundTripMaxMs,
  ];
  const progress = drain && [drain.done, answer.report.connections, answer.report.jobs];
  return JSON.stringify([
    phase,
    ready,
    configSha256,
    redis.reachable,
    redis.login?.digest,
    redis.login?.refused,
    lease.held,
    lease.holder,
    progress,
    overLimits,
  ]);
}

function figures(answer: InstanceAnswer | undefined): string {
  if (answer?.kind !== 'report') return '';
  return JSON.stringify([answer.report.connections, answer.report.nodesKnown]);
}
