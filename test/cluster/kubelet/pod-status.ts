/** The status of a pod, from the states of its containers. Pure. */
import type { Pod } from '../../../operator/kube/resources.ts';

type PodStatus = NonNullable<Pod['status']>;
export type Condition = NonNullable<PodStatus['conditions']>[number];
export type ContainerStatus = NonNullable<PodStatus['containerStatuses']>[number];
export type ContainerState = NonNullable<ContainerStatus['state']>;

export interface PodFacts {
  /** In the order of the spec. */
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  /** Whether the pod has its address and its volumes. */
  readonly isSetUp: boolean;
  readonly podIP: string | undefined;
  readonly hostIP: string;
  /** RFC 3339. */
  readonly startTime: string;
  readonly now: string;
  /** The conditions as we last said them: the pod as heard may be older. */
  readonly said?: readonly Condition[];
}

/** The whole status; conditions written by others are kept. */
export function podStatus(pod: Pod, facts: PodFacts): PodStatus {
  const phase = phaseOf(pod, facts);
  return {
    phase,
    conditions: conditions(pod, phase, facts),
    hostIP: facts.hostIP,
    hostIPs: [{ ip: facts.hostIP }],
    startTime: facts.startTime,
    qosClass: pod.status?.qosClass ?? 'BestEffort',
    ...(facts.podIP === undefined ? {} : { podIP: facts.podIP, podIPs: [{ ip: facts.podIP }] }),
    ...(facts.init.length > 0 ? { initContainerStatuses: [...facts.init] } : {}),
    containerStatuses: [...facts.main],
  };
}

export function phaseOf(pod: Pod, { init, main }: Pick<PodFacts, 'init' | 'main'>): string {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never' && init.some(hasFailed)) return 'Failed';
  if (!init.every(hasSucceeded)) return 'Pending';
  if (main.some((status) => status.state?.running)) return 'Running';
  if (main.every(hasEnded)) return phaseAfterEnd(policy, main, pod);
  return main.some((status) => status.lastState?.terminated ?? status.state?.terminated)
    ? 'Running'
    : 'Pending';
}

/** When every container has ended: over for good, unless some will be started again. */
function phaseAfterEnd(policy: string, main: readonly ContainerStatus[], pod: Pod): string {
  const failed = main.some(hasFailed);
  // A pod that is being deleted is not restarted, so its containers have ended for good.
  if (pod.metadata.deletionTimestamp !== undefined) return failed ? 'Failed' : 'Succeeded';
  if (policy === 'Always' || (policy === 'OnFailure' && failed)) return 'Running';
  return failed ? 'Failed' : 'Succeeded';
}

const hasEnded = ({ state }: ContainerStatus): boolean => state?.terminated !== undefined;
const hasSucceeded = ({ state }: ContainerStatus): boolean => state?.terminated?.exitCode === 0;
const hasFailed = (status: ContainerStatus): boolean => hasEnded(status) && !hasSucceeded(status);

type Verdict = Pick<Condition, 'type' | 'status'> & { reason?: string; message?: string };

function conditions(pod: Pod, phase: string, facts: PodFacts): Condition[] {
  const containersReady = verdictOnContainers(phase, facts.main);
  const verdicts: Verdict[] = [
    { type: 'PodReadyToStartContainers', status: facts.isSetUp ? 'True' : 'False' },
    verdictOnInit(facts.init),
    readiness(pod, containersReady),
    { type: 'ContainersReady', ...containersReady },
    { type: 'PodScheduled', status: 'True' },
  ];
  const ours = new Set(verdicts.map((verdict) => verdict.type));
  const others = (pod.status?.conditions ?? []).filter((condition) => !ours.has(condition.type));
  return [...verdicts.map((verdict) => dated(pod, verdict, facts)), ...others];
}

function verdictOnInit(init: readonly ContainerStatus[]): Verdict {
  const waiting = init.filter((status) => !hasSucceeded(status));
  if (waiting.length === 0) return { type: 'Initialized', status: 'True' };
  const message = `containers with incomplete status: [${names(waiting)}]`;
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message };
}

function verdictOnContainers(phase: string, main: readonly ContainerStatus[]): Omit<Verdict, 'type'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = main.filter((status) => !status.ready);
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${names(unready)}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function readiness(pod: Pod, containers: Omit<Verdict, 'type'>): Verdict {
  const closed = (pod.spec?.readinessGates ?? []).filter(
    ({ conditionType }) =>
      pod.status?.conditions?.find(({ type }) => type === conditionType)?.status !== 'True',
  );
  if (containers.status !== 'True' || closed.length === 0) return { type: 'Ready', ...containers };
  const message = closed.map(
    (gate) => `the status of pod readiness gate "${gate.conditionType}" is not "True"`,
  );
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: message.join(', ') };
}

/** The transition time moves only when the status does. */
function dated(pod: Pod, verdict: Verdict, { said = [], now }: PodFacts): Condition {
  const before = [...said, ...(pod.status?.conditions ?? [])].find(({ type }) => type === verdict.type);
  const same = before?.status === verdict.status;
  return { ...verdict, lastTransitionTime: (same ? before.lastTransitionTime : undefined) ?? now };
}

const names = (statuses: readonly ContainerStatus[]): string => statuses.map(({ name }) => name).join(' ');
