/** Instances as a table: what the operator says of each, and what its pod says itself. Pure. */
import { count } from '../../../common/count.ts';
import { table } from '../../../common/table.ts';
import type { SchedulerCluster, SchedulerClusterStatus } from '../../api/schedulercluster.gen.ts';
import { ordinalOf } from '../../api/names.ts';
import type { Pod } from '../../kube/resources.ts';
import { age } from './layout.ts';
import type { Style } from './style.ts';

type Told = NonNullable<SchedulerClusterStatus['instances']>[number];

export interface Instance {
  readonly id: string;
  readonly state: string;
  readonly ready: boolean;
  readonly restarts: number;
  readonly age: string;
  readonly sessions: number | undefined;
  readonly nodes: number | undefined;
  /** Of Kubernetes, where it runs. */
  readonly host: string | undefined;
  readonly configCurrent: boolean | undefined;
  /** What else is to be said; empty when nothing is. */
  readonly notes: readonly string[];
}

/** Those of the status, and pods that it does not know yet. */
export function instancesOf(cluster: SchedulerCluster, pods: readonly Pod[], nowMs: number): Instance[] {
  const told = cluster.status?.instances ?? [];
  const names = new Set([
    ...told.map(({ podName }) => podName),
    ...pods.map(({ metadata }) => metadata.name),
  ]);
  const ordinal = (name: string) => ordinalOf(cluster, name) ?? Infinity;
  return [...names]
    .sort((a, b) => ordinal(a) - ordinal(b))
    .map((name) =>
      instanceOf(
        name,
        told.find(({ podName }) => podName === name),
        pods.find(({ metadata }) => metadata.name === name),
        nowMs,
      ),
    );
}

function instanceOf(id: string, told: Told | undefined, pod: Pod | undefined, nowMs: number): Instance {
  return {
    id,
    state: stateOf(told, pod),
    ...seenOf(pod, told, nowMs),
    sessions: told?.sessions,
    nodes: told?.nodes,
    configCurrent: told?.configCurrent,
    notes: [...notesOf(told), ...troubles(containerOf(pod))],
  };
}

/** What the pod says, which is newer than what the operator said of it. */
function seenOf(
  pod: Pod | undefined,
  told: Told | undefined,
  nowMs: number,
): Pick<Instance, 'ready' | 'restarts' | 'age' | 'host'> {
  if (!pod) return { ready: told?.ready ?? false, restarts: 0, age: '', host: undefined };
  const { ready = false, restartCount = 0 } = containerOf(pod) ?? {};
  return {
    ready,
    restarts: restartCount,
    age: age(pod.metadata.creationTimestamp, nowMs),
    host: pod.spec?.nodeName,
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

const containerOf = (pod: Pod | undefined): ContainerStatus | undefined =>
  pod?.status?.containerStatuses?.[0];

function stateOf(told: Told | undefined, pod: Pod | undefined): string {
  if (pod?.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return told?.state ?? pod?.status?.phase ?? 'Gone';
}

function notesOf(told: Told | undefined): string[] {
  if (!told) return [];
  const { drain, restartReasons = [], configCurrent } = told;
  return [
    ...(drain ? [drainNote(told, drain)] : []),
    ...(restartReasons.length > 0 ? [`will restart: ${restartReasons.join(', ')}`] : []),
    ...(configCurrent ? [] : ['runs with an older configuration']),
  ];
}

function troubles(container: ContainerStatus | undefined): string[] {
  const waiting = container?.state?.waiting;
  const ended = container?.lastState?.terminated;
  const { reason = '', message } = waiting ?? {};
  const isUsual = reason === '' || reason === 'ContainerCreating';
  return [
    ...(isUsual ? [] : [message === undefined ? reason : `${reason}: ${message}`]),
    ...(ended ? [`last ended with code ${String(ended.exitCode)} (${ended.reason ?? 'no reason'})`] : []),
  ];
}

function drainNote({ sessions, nodes, jobs }: Told, drain: NonNullable<Told['drain']>): string {
  if (drain.done) return `${drain.reason}: drained`;
  const left = [
    sessions === undefined ? '' : count(sessions, 'session'),
    nodes === undefined ? '' : count(nodes, 'node'),
    jobs === undefined ? '' : count(jobs, 'job'),
  ].filter((part) => part !== '');
  return `${drain.reason}: ${left.length > 0 ? `${left.join(', ')} left, ` : ''}until ${drain.deadlineTime} at most`;
}

export function instancesTable(instances: readonly Instance[], style: Style): string {
  if (instances.length === 0) return 'no instances\n';
  const head = ['ID', 'STATE', 'RESTARTS', 'AGE', 'SESSIONS', 'NODES', 'HOST', 'NOTES'];
  const rows = instances.map(({ id, state, ready, restarts, age: old, sessions, nodes, host, notes }) => [
    id,
    paintState(state, ready, style),
    restarts > 0 ? style.warn(String(restarts)) : '0',
    old,
    sessions === undefined ? '-' : String(sessions),
    nodes === undefined ? '-' : String(nodes),
    host ?? '-',
    notes.join('; '),
  ]);
  return table([head.map(style.faint), ...rows]);
}

function paintState(state: string, ready: boolean, { good, warn, bad }: Style): string {
  if (state === 'Ready') return ready ? good(state) : warn(state);
  return state === 'Failing' || state === 'NotReady' ? bad(state) : warn(state);
}
