/**
 * What an operator in a test has around it: the API in memory, a StatefulSet controller, instances that answer, time that a test
 * moves, and a person who applies, edits and annotates.
 */
import type { InstanceReport } from '../../common/admin-api.ts';
import { schedulerClusters } from '../../operator/api/group.ts';
import type { Condition, ConditionType } from '../../operator/api/conditions.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';
import type { Tried } from '../../operator/decide/routes.ts';
import type { AdminClient } from '../../operator/instances/admin-client.ts';
import type { KubeObject, Resource } from '../../operator/kube/kube.ts';
import {
  configMaps,
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  podMonitors,
  pods,
  prometheusRules,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  type Pod,
} from '../../operator/kube/resources.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeKube } from '../fakes/kube.ts';
import { StatefulSetController, type Behaviour } from './stateful-set-controller.ts';

export const ownedKinds: readonly Resource[] = [
  secrets,
  serviceAccounts,
  configMaps,
  services,
  podDisruptionBudgets,
  networkPolicies,
  ingresses,
  podMonitors,
  prometheusRules,
  statefulSets,
];

export class Surroundings {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(() => new Date(this.clock.now()).toISOString());
  readonly controller: StatefulSetController;
  /** What the instance at an address says; a pod's address is unknown to a test, its name is not. */
  report: (podName: string) => Partial<InstanceReport> | undefined = () => ({});
  /** What comes of a job from a session on one pod to a node on another. */
  route: (from: string, to: string) => Tried['outcome'] = () => 'answered';
  /** Routes that were tried. */
  tries = 0;
  behave: Behaviour = () => undefined;
  /** What an instance waits for before it answers its admin API. */
  answers: (pod: Pod, asked: 'ask' | 'drain' | 'probe') => Promise<void> | undefined = () => undefined;
  /** Whether an instance that was told to drain has finished. */
  drains: (podName: string) => boolean = () => true;
  /** The token that an instance was shown last. */
  askedWith = '';
  /** Instances that were told to drain, as `<pod> <seconds>`, in order. */
  readonly told: string[] = [];
  /** When an instance began to drain, by the uid of its pod. */
  readonly #drains = new Map<string, number>();

  constructor() {
    this.controller = new StatefulSetController(
      this.kube,
      (pod) => this.behave(pod),
      () => new Date(this.clock.now()).toISOString(),
    );
  }

  /** The admin API of all instances. */
  readonly admin: Pick<AdminClient, 'ask' | 'drain' | 'probe'> = {
    ask: async (address, token) => {
      this.askedWith = token;
      await this.#heard(address, 'ask');
      return this.#answer(address);
    },
    drain: async (address, _token, { timeoutSeconds, podUid }) => {
      await this.#heard(address, 'drain');
      const isMeant = this.#podAt(address)?.metadata.uid === podUid;
      if (!isMeant) return { kind: 'silent', error: 'its admin API answered 409' };
      this.#tellToDrain(address, timeoutSeconds);
      return this.#answer(address);
    },
    probe: async (address, _token, target) => {
      await this.#heard(address, 'probe');
      return this.#tryRoute(address, target);
    },
  };

  put(cluster: SchedulerCluster): SchedulerCluster {
    return this.kube.put(cluster);
  }

  cluster(name = 'demo', namespace = 'default'): SchedulerCluster {
    const found = this.kube.peek(schedulerClusters, { namespace, name });
    if (!found) throw new Error(`there is no cluster ${name}`);
    return found;
  }

  /** What a person does with `kubectl edit`. */
  edit(change: (spec: SchedulerCluster['spec']) => void, name = 'demo', namespace = 'default'): void {
    const cluster = this.cluster(name, namespace);
    change(cluster.spec);
    this.kube.put(cluster);
  }

  /** What a person does with `kubectl annotate`; undefined takes the annotation away. */
  annotate(name: string, value: string | undefined, of = 'demo'): void {
    const cluster = this.cluster(of);
    const others = Object.entries(cluster.metadata.annotations ?? {}).filter(([key]) => key !== name);
    const annotations = Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
    this.kube.put({ ...cluster, metadata: { ...cluster.metadata, annotations } });
  }

  /** What a kubelet says of a pod. */
  patchPodStatus(
    name: string,
    change: (status: Pod['status']) => Pod['status'],
    namespace = 'default',
  ): void {
    const pod = this.kube.peek(pods, { namespace, name })!;
    this.kube.put({ ...pod, status: change(pod.status) });
  }

  condition(type: ConditionType, name = 'demo', namespace = 'default'): Condition {
    const found = this.cluster(name, namespace).status?.conditions?.find((one) => one.type === type);
    if (!found) throw new Error(`${name} has no condition ${type}`);
    return found;
  }

  /** `True FleetReady`. */
  says(type: ConditionType, name = 'demo'): string {
    const { status, reason } = this.condition(type, name);
    return `${status} ${reason}`;
  }

  /** Everything owned, without what the server assigns and without the token. */
  owned(): unknown[] {
    return ownedKinds.flatMap((resource) => this.kube.all(resource)).map(portrait);
  }

  async #heard(address: string, asked: 'ask' | 'drain' | 'probe'): Promise<void> {
    const pod = this.#podAt(address);
    if (pod) await this.answers(pod, asked);
  }

  #answer(address: string) {
    const pod = this.#podAt(address);
    const said = pod && this.report(pod.metadata.name);
    if (!said) return { kind: 'silent', error: 'connection refused' } as const;
    const report = { ...reportOf(pod.metadata.name, this.clock.now()), ...this.#drainOf(pod), ...said };
    return { kind: 'report', report } as const;
  }

  #tryRoute(address: string, target: string): Tried {
    this.tries += 1;
    const pod = this.#podAt(address);
    const isThere = pod && this.report(pod.metadata.name);
    return { outcome: isThere ? this.route(pod.metadata.name, target) : 'silent', detail: '', tookMs: 1 };
  }

  #podAt(address: string): Pod | undefined {
    return this.kube.all(pods, ({ status }) => status?.podIP === address)[0];
  }

  #tellToDrain(address: string, timeoutSeconds: number): void {
    const pod = this.#podAt(address);
    if (!pod || !this.report(pod.metadata.name)) return;
    this.told.push(`${pod.metadata.name} ${String(timeoutSeconds)}`);
    this.drain(pod.metadata.name, pod.metadata.namespace);
  }

  /** As an instance does it: it says so, is not ready any more, and stays until it is ended. */
  drain(name: string, namespace = 'default'): void {
    const pod = this.kube.peek(pods, { namespace, name })!;
    if (this.#drains.has(pod.metadata.uid!)) return;
    this.#drains.set(pod.metadata.uid!, this.clock.now());
    const lastTransitionTime = new Date(this.clock.now()).toISOString();
    const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime }];
    this.kube.put({ ...pod, status: { ...pod.status, conditions } });
  }

  #drainOf({ metadata }: Pod): Partial<InstanceReport> {
    const startedMs = this.#drains.get(metadata.uid!);
    if (startedMs === undefined) return {};
    const at = (ms: number) => new Date(ms).toISOString();
    const done = this.drains(metadata.name);
    const drain = { startedAt: at(startedMs), deadlineAt: at(startedMs + 35_000), done };
    return { phase: 'draining', ready: false, notReadyReasons: ['draining'], drain };
  }
}

export function reportOf(instanceId: string, nowMs: number): InstanceReport {
  return {
    instanceId,
    version: '0.0.0',
    startedAt: new Date(nowMs).toISOString(),
    phase: 'ready',
    ready: true,
    notReadyReasons: [],
    configSha256: '',
    redis: { reachable: true, mode: 'single', keyPrefix: 'lingua-prod', roundTripMs: 1, error: null },
    lease: { held: true, epoch: 1, holder: instanceId },
    connections: { sessions: 0, nodes: 0 },
    jobs: { waiting: 0, running: 0 },
    inbox: { length: 0, pending: 0, dlqLength: 0 },
    drain: null,
  };
}

function portrait(object: KubeObject): unknown {
  const { name, namespace, labels, annotations } = object.metadata;
  const { spec, data } = object as { spec?: unknown; data?: unknown };
  const secret = object.kind === secrets.kind;
  return { kind: object.kind, name, namespace, labels, spec, ...(secret ? {} : { annotations, data }) };
}
