/**
 * Condition types and reasons. They are API: people wait for them and alert on them, so a name keeps its meaning for ever.
 * Each reason says what a person can do about it; the text ends the condition's message.
 */
import type { SchedulerClusterStatus } from './schedulercluster.gen.ts';

export type Condition = NonNullable<SchedulerClusterStatus['conditions']>[number];

export const conditionTypes = [
  'Ready',
  'Available',
  'Progressing',
  'Degraded',
  'ConfigValid',
  'RedisReachable',
  'InstancesUnique',
  'RoutingVerified',
  'Drained',
  'ProductionReady',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** Reasons, each with its remedy; an empty remedy means that there is nothing to do. */
export const remedies = {
  // Ready
  FleetReady: '',
  Hibernated: 'Set spec.replicas above 0 to start it.',
  // Available
  EnoughReady: '',
  TooFewReady: 'See status.instances and the events of the pods that are not ready.',
  // Progressing
  Creating: '',
  Scaling: '',
  RollingOut: '',
  Settled: '',
  CanarySoaking:
    'It goes on by itself; `kubectl annotate` with lingua.dev/promote=<status.rollout.revision> goes on at once.',
  CanaryWaiting:
    'Bring the figure down first, or go on regardless with the annotation lingua.dev/promote=<status.rollout.revision>.',
  AwaitingPromotion:
    'Go on with the annotation lingua.dev/promote=<status.rollout.revision>, or take the change back.',
  Paused: 'Remove the annotation lingua.dev/paused to go on.',
  RollingBack: '',
  // Degraded
  AsExpected: '',
  CanaryFailed:
    'Correct the change or take it back; to go on regardless, set the annotation lingua.dev/promote=<status.rollout.revision>.',
  CrashLooping:
    "Read the pod's log with `kubectl logs --previous`; if it came with a change, take the change back.",
  ImagePullFailed: 'Check spec.image and spec.imagePullSecrets.',
  Unschedulable:
    'Check spec.resources, spec.nodeSelector and spec.tolerations against the nodes of the cluster.',
  DuplicateInstance:
    'Another process uses this instance_id on the same Redis: stop it, or give this cluster another spec.redis.keyPrefix.',
  InboxBacklog:
    'Check that the instance works and that its nodes and sessions are connected; what cannot be delivered goes to the dead letters after config.scheduler.phase2.dlqMaxDeliveries tries.',
  DeliveryFailing:
    'Look at the dead letters with `kubectl lingua dlq list`: check that instance_ids are unique and that the nodes they name are online; then replay or drop them.',
  NodeViewsDiffer:
    'Check that config.scheduler.phase2.nodeSnapshot.enabled is true, the refresh interval, and the connection of the named instances to Redis.',
  RestartingOften:
    "Read the pod's log with `kubectl logs --previous` and check its memory limit; ownerTtlSeconds of 45 keeps sessions and nodes over a restart.",
  ForeignObject: 'Rename or delete that object, or give this SchedulerCluster another name.',
  ObjectRefused: 'Change the part of the spec that the API server names.',
  Forbidden:
    "Check the operator's Role, and quotas and admission policies of the namespace; it is tried again.",
  // ConfigValid
  Valid: '',
  Refused: 'Correct spec.config or spec.redis as the line says.',
  NoInstanceYet: 'Wait for the first instance to start.',
  // RedisReachable
  Reachable: '',
  Unreachable: 'Check that Redis runs, that spec.redis is right, and that the network lets the pods through.',
  SecretMissing: 'Create or correct it, or correct spec.redis; pods that wait for it start by themselves.',
  AuthRefused:
    'Check user, password and rights of that user in Redis against the Secret that spec.redis.authSecretRef names.',
  CertificateRefused:
    "Check the server's certificate against the Secret that spec.redis.tls.caSecretRef names, and that the addresses begin with rediss://.",
  CredentialsRotating:
    'Wait: Kubernetes brings a changed Secret into the pods within about a minute, and nothing restarts. Leave the former password in Redis until then.',
  NewCredentialsRefused:
    'Add the new password, or the new authority, to Redis first, or put the former one back into the Secret; it is tried again every few seconds. Until then an instance that loses its connection cannot come back.',
  NoInstanceAnswers:
    'Wait for an instance to start; if one runs, check that the operator can reach port 5011 of the pods.',
  // InstancesUnique
  Unique: '',
  // RoutingVerified
  RouteVerified: '',
  RouteToItself: '',
  RouteNotTried: 'Wait; it is tried within seconds while the instances are ready.',
  FleetChanging: '',
  RouteUnanswered:
    'Check that the second instance works and reads its inbox: `kubectl logs` of it, and its metric scheduler_phase2_redis_op_total{op="xreadgroup",result="err"}; XINFO GROUPS and XPENDING on its inbox show what waits.',
  RoutePeerUnknown:
    'The two instances do not see the same Redis data: check that they run with the same spec.redis, and that Redis has not lost its data.',
  RouteInboxFull:
    'Check that the second instance works and reads its inbox; config.scheduler.phase2.streamMaxlen bounds how much may wait.',
  RouteStoreRefuses:
    'Check maxmemory and disk of Redis, and that its user may write and run scripts under spec.redis.keyPrefix.',
  // ProductionReady
  AsRecommended: '',
  EmbeddedRedis:
    'For production run a Redis of your own, Redis Cluster with three masters or more, and name it in spec.redis.',
  SingleInstance: 'Set spec.replicas to 3 for production.',
  FewInstances: '',
  ManyInstances: 'Give the instances more resources instead, or split the fleet.',
  SingleRedis: '',
  RedisSlow: 'Put Redis nearer to the fleet, or give it more CPU.',
  RedisMemorySmall: "Raise Redis' maxmemory.",
  MonitoringNotInstalled:
    'Install the definitions of the Prometheus operator, or take spec.monitoring away; it is looked for once a minute.',
  MonitoringForbidden:
    "Give the operator's Role the rules for monitoring.coreos.com, or take spec.monitoring away; it is tried once a minute.",
  NodeSnapshotOff: 'Set config.scheduler.phase2.nodeSnapshot.enabled to true.',
  // Drained
  NothingLeaves: '',
  Draining: '',
} as const;
export type Reason = keyof typeof remedies;

/** What a condition says, before it is stamped with times and generations. */
export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: Reason;
  readonly message: string;
}

/** A verdict whose message ends with the remedy of its reason. */
export function verdict(status: Verdict['status'], reason: Reason, message: string): Verdict {
  const remedy = remedies[reason];
  return { status, reason, message: remedy ? `${message} ${remedy}` : message };
}
