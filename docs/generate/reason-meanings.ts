/** When a reason is given. What a person does about one of a condition stands with the conditions: it ends their messages too. */
import type { ConditionType, Reason } from '../../operator/api/conditions.ts';
import type { EventReason } from '../../operator/api/events.ts';

export type Side = `${ConditionType}=${'True' | 'False' | 'Unknown'}`;

interface Meaning {
  /** The condition that it is first given on, and its status. `Ready` repeats the one that a person should read first. */
  readonly on: readonly Side[];
  readonly when: string;
}

export const conditionMeanings: Readonly<Record<Reason, Meaning>> = {
  FleetReady: { on: ['Ready=True'], when: 'All that was asked for is there and works.' },
  Hibernated: {
    on: ['Ready=True', 'Available=True', 'RoutingVerified=Unknown'],
    when: 'No instance is asked for, and none runs.',
  },
  EnoughReady: {
    on: ['Available=True'],
    when: 'At least one instance is ready, and at most one is missing.',
  },
  TooFewReady: { on: ['Available=False'], when: 'No instance is ready, or more than one is missing.' },
  Creating: { on: ['Progressing=True'], when: 'The fleet is made for the first time.' },
  Scaling: { on: ['Progressing=True'], when: 'Instances are added or taken away.' },
  RollingOut: { on: ['Progressing=True'], when: 'Instances are replaced by ones of the new revision.' },
  Settled: { on: ['Progressing=False'], when: 'Nothing is being changed.' },
  CanarySoaking: { on: ['Progressing=True'], when: 'The first instances run a change and are watched.' },
  CanaryWaiting: {
    on: ['Progressing=True'],
    when: 'The instance that is to try a change is over a limit before it begins.',
  },
  AwaitingPromotion: {
    on: ['Progressing=True'],
    when: 'The first instances run a change, and a person is to say whether the others follow.',
  },
  Paused: { on: ['Progressing=False'], when: 'An annotation holds a rollout.' },
  RollingBack: { on: ['Progressing=True'], when: 'A change is taken back from the instances that tried it.' },
  AsExpected: { on: ['Degraded=False'], when: 'No instance is failing.' },
  CanaryFailed: { on: ['Degraded=True'], when: 'A change failed on the first instances and was taken back.' },
  CrashLooping: { on: ['Degraded=True'], when: 'An instance ends again and again.' },
  ImagePullFailed: { on: ['Degraded=True'], when: 'A node cannot get the image.' },
  Unschedulable: { on: ['Degraded=True'], when: 'No node takes the pod.' },
  DuplicateInstance: {
    on: ['InstancesUnique=False', 'Degraded=True'],
    when: 'Another process holds the `instance_id` of an instance in Redis.',
  },
  InboxBacklog: {
    on: ['Degraded=True'],
    when: 'More than 1000 messages in an inbox are read and not acknowledged.',
  },
  DeliveryFailing: { on: ['Degraded=True'], when: 'An instance has more than 100 dead letters.' },
  NodeViewsDiffer: {
    on: ['Degraded=True'],
    when: 'An instance knows over a fifth, and more than 5, fewer nodes than another one.',
  },
  RestartingOften: {
    on: ['Degraded=True'],
    when: 'An instance has started again 3 times or more, the last time within 10 minutes.',
  },
  ForeignObject: {
    on: ['Degraded=True'],
    when: 'An object that the operator did not make has a name that the cluster needs.',
  },
  ObjectRefused: { on: ['Degraded=True'], when: 'The API server finds an object invalid.' },
  Forbidden: { on: ['Degraded=True'], when: 'The API server forbids the operator something.' },
  Valid: { on: ['ConfigValid=True'], when: 'The instances have come up with the configuration.' },
  Refused: { on: ['ConfigValid=False'], when: 'An instance refuses its configuration; its line is quoted.' },
  NoInstanceYet: {
    on: ['Available=Unknown', 'ConfigValid=Unknown'],
    when: 'No instance was there yet that could say so.',
  },
  Reachable: { on: ['RedisReachable=True'], when: 'Every instance that answers reaches Redis.' },
  Unreachable: {
    on: ['RedisReachable=False'],
    when: 'An instance has no connection to Redis; its error is quoted.',
  },
  SecretMissing: {
    on: ['RedisReachable=False'],
    when: 'A Secret that spec.redis names is not there, or lacks a key.',
  },
  AuthRefused: { on: ['RedisReachable=False'], when: 'Redis refuses user, password or rights.' },
  CertificateRefused: {
    on: ['RedisReachable=False'],
    when: 'The TLS connection to Redis does not come about.',
  },
  CredentialsRotating: {
    on: ['RedisReachable=True'],
    when: 'A Secret has changed, and some instances still log in with what it said before.',
  },
  NewCredentialsRefused: {
    on: ['RedisReachable=True', 'Degraded=True'],
    when: 'A Secret has changed, and Redis refuses what it says now; instances work on with what it said before.',
  },
  NoInstanceAnswers: {
    on: ['RedisReachable=Unknown', 'InstancesUnique=Unknown'],
    when: 'No instance has answered the operator.',
  },
  Unique: { on: ['InstancesUnique=True'], when: 'Each instance holds its `instance_id` in Redis.' },
  RouteVerified: {
    on: ['RoutingVerified=True'],
    when: 'A job went from each ready instance to the next and back.',
  },
  RouteToItself: {
    on: ['RoutingVerified=True'],
    when: 'A job of the only instance came back to it through Redis.',
  },
  RouteNotTried: { on: ['RoutingVerified=Unknown'], when: 'Not every route was tried yet.' },
  FleetChanging: {
    on: ['RoutingVerified=Unknown'],
    when: 'Instances come and go; their routes are tried as they stay.',
  },
  RouteUnanswered: {
    on: ['RoutingVerified=False'],
    when: 'Jobs between two instances were not answered, 3 times in a row.',
  },
  RoutePeerUnknown: {
    on: ['RoutingVerified=False'],
    when: 'One instance does not find the lease of the other in Redis, 3 times in a row.',
  },
  RouteInboxFull: {
    on: ['RoutingVerified=False'],
    when: 'The inbox of the second instance took no job, 3 times in a row.',
  },
  RouteStoreRefuses: {
    on: ['RoutingVerified=False'],
    when: 'Redis did not record the jobs that were tried, 3 times in a row.',
  },
  AsRecommended: { on: ['ProductionReady=True'], when: 'The fleet is as the deployment guide recommends.' },
  EmbeddedRedis: { on: ['ProductionReady=False'], when: 'The operator runs the Redis, for development.' },
  SingleInstance: { on: ['ProductionReady=False'], when: 'One instance is asked for.' },
  FewInstances: { on: ['ProductionReady=True'], when: '2 instances are asked for; 3 to 5 are recommended.' },
  ManyInstances: { on: ['ProductionReady=True'], when: 'More than 10 instances are asked for.' },
  SingleRedis: {
    on: ['ProductionReady=True'],
    when: 'Redis is one server; Redis Cluster with three masters or more is recommended.',
  },
  RedisSlow: { on: ['ProductionReady=False'], when: 'Every round trip to Redis takes longer than 10 ms.' },
  RedisMemorySmall: {
    on: ['ProductionReady=False'],
    when: "Redis may use less memory than the fleet needs by the guide's formula.",
  },
  MonitoringNotInstalled: {
    on: ['ProductionReady=False'],
    when: 'spec.monitoring asks for a kind that the Kubernetes cluster does not know.',
  },
  MonitoringForbidden: {
    on: ['ProductionReady=False'],
    when: 'spec.monitoring asks for a kind that the operator may not list.',
  },
  NodeSnapshotOff: { on: ['ProductionReady=False'], when: 'Instances do not share which nodes they have.' },
  NothingLeaves: { on: ['Drained=True'], when: 'No instance has work to finish before it leaves.' },
  Draining: {
    on: ['Drained=False'],
    when: 'Instances that leave finish their work first; what is left is told.',
  },
};

interface Told {
  readonly when: string;
  /** Empty: nothing. */
  readonly todo: string;
}

export const eventMeanings: Readonly<Record<EventReason, Told>> = {
  Created: { when: 'Objects that the cluster needs were made; they are named.', todo: '' },
  Updated: { when: 'An object was written anew because the spec has changed.', todo: '' },
  DriftHealed: {
    when: 'Somebody else had changed an object of the cluster; it is as the spec asks again.',
    todo: 'Change the spec instead; when it comes again and again, find out who writes: `kubectl get --show-managed-fields` names them.',
  },
  Deleted: { when: 'An object is not needed any more and was deleted.', todo: '' },
  Scaled: { when: 'The StatefulSet asks for another number of instances.', todo: '' },
  Draining: {
    when: 'An instance was told to drain and has something to move; what and why is told.',
    todo: '',
  },
  DrainTimedOut: {
    when: 'An instance lost its pod before it had finished; its jobs are handed to others.',
    todo: 'If sessions need longer to leave, raise spec.drain.timeoutSeconds.',
  },
  Replaced: {
    when: 'A pod was deleted so that it starts anew: it had drained and should stay, or its update is taken back.',
    todo: '',
  },
  RolloutStarted: { when: 'A new revision is rolled out; why it needs restarts is told.', todo: '' },
  Restarting: { when: 'An instance is replaced by one of the new revision; why is told.', todo: '' },
  CanaryPassed: { when: 'The first instances stayed within the limits, and the others follow.', todo: '' },
  CanaryFailed: {
    when: 'The first instances went over a limit, which is named; the change is taken back.',
    todo: 'Correct the change or take it back; to go on regardless, set the annotation lingua.dev/promote=<status.rollout.revision>.',
  },
  CredentialsRotated: {
    when: 'All instances log in to Redis with what a Secret says now.',
    todo: 'The former password may be taken out of Redis.',
  },
};
