/** A small world: the API in memory, a StatefulSet controller, instances that answer, and our operator, which may die and restart. */
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { InstanceReport } from '../../common/admin-api.ts';
import { schedulerClusters } from '../../operator/api/group.ts';
import type { Condition, ConditionType } from '../../operator/api/conditions.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';
import { Instances } from '../../operator/instances/instances.ts';
import type { Kube, KubeObject, Resource } from '../../operator/kube/kube.ts';
import type { Occurrence } from '../../operator/kube/events.ts';
import {
  configMaps,
  podDisruptionBudgets,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  type Pod,
} from '../../operator/kube/resources.ts';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import { OwnWrites } from '../../operator/reconcile/own-writes.ts';
import { createReconciler, nextLookMs, type Outcome } from '../../operator/reconcile/reconcile.ts';
import { startWatches } from '../../operator/watches.ts';
import { FakeClock, FakeRandom, settle } from '../fakes/clock.ts';
import { FakeKube } from '../fakes/kube.ts';
import { StatefulSetController, type Behaviour } from './stateful-set-controller.ts';

export const ownedKinds: readonly Resource[] = [
  secrets,
  serviceAccounts,
  configMaps,
  services,
  podDisruptionBudgets,
  statefulSets,
];

const log = pino({ level: 'silent' });

interface Operator {
  readonly look: (key: string) => Promise<Outcome>;
  readonly instances: Instances;
  readonly stop: () => void;
}

export class World {
  readonly clock = new FakeClock();
  readonly kube = new FakeKube(() => new Date(this.clock.now()).toISOString());
  readonly events: Occurrence[] = [];
  readonly outcomes = new Map<string, Outcome['kind']>();
  readonly registry = new Registry();
  readonly metrics = createOperatorMetrics(this.registry);
  readonly controller: StatefulSetController;
  /** What the instance at an address says; a pod's address is unknown to a test, its name is not. */
  report: (podName: string) => Partial<InstanceReport> | undefined = () => ({});
  behave: Behaviour = () => undefined;
  /** Whether an instance that was told to drain has finished. */
  drains: (podName: string) => boolean = () => true;
  /** Instances that were told to drain, as `<pod> <seconds>`, in order. */
  readonly told: string[] = [];
  /** When an instance began to drain, by the uid of its pod. */
  readonly #drains = new Map<string, number>();
  /** Cancels the look that is due later, by key. */
  readonly #later = new Map<string, () => void>();
  /** Kinds of which the operator's caches hear nothing for now. */
  readonly frozen = new Set<string>();
  /** The operator ends after its look and starts anew. */
  wantsRestart = false;
  /** Keys that want a look. */
  readonly #keys = new Set<string>();
  #operator: Operator | undefined;
  #seed = 0;

  constructor() {
    this.controller = new StatefulSetController(
      this.kube,
      (pod) => this.behave(pod),
      () => new Date(this.clock.now()).toISOString(),
    );
  }

  /** Starts the operator, or starts it anew with nothing remembered. */
  async start(): Promise<void> {
    this.stop();
    this.wantsRestart = false;
    const { kube, clock } = this;
    const random = new FakeRandom(++this.#seed);
    const ownWrites = new OwnWrites(clock);
    const wake = (key: string) => void this.#keys.add(key);
    const watches = startWatches({
      kube: this.#lateKube(),
      namespaces: [],
      wake,
      ownWrites,
      clock,
      random,
      log,
    });
    const client = {
      ask: (address: string) => Promise.resolve(this.#answer(address)),
      drain: (address: string, _token: string, timeoutSeconds: number) => {
        this.#tellToDrain(address, timeoutSeconds);
        return Promise.resolve(this.#answer(address));
      },
    };
    const instances = new Instances({ client, clock, random, wake });
    const look = createReconciler({
      ...{ kube, ownWrites, instances, clock, random, log },
      caches: watches.caches,
      events: { record: (occurrence) => void this.events.push(occurrence) },
      metrics: this.metrics,
    });
    const stop = () => {
      watches.stop();
      instances.stop();
    };
    this.#operator = { look, instances, stop };
    await watches.synced;
  }

  stop(): void {
    this.#operator?.stop();
    this.#operator = undefined;
    this.#keys.clear();
    for (const cancel of this.#later.values()) cancel();
  }

  /** One look at every cluster that wants one; errors are what a queue would try again. */
  async look(): Promise<void> {
    await settle();
    const keys = [...this.#keys];
    this.#keys.clear();
    for (const key of keys) {
      try {
        const outcome = await this.#operator!.look(key);
        this.outcomes.set(key, outcome.kind);
        this.#lookLater(key, outcome);
      } catch {
        this.#keys.add(key);
      }
    }
  }

  #lookLater(key: string, outcome: Outcome): void {
    this.#later.get(key)?.();
    const inMs = nextLookMs(outcome);
    if (inMs === undefined) return;
    const wake = () => void this.#keys.add(key);
    this.#later.set(key, this.clock.after(inMs, wake));
  }

  /** Asks for a look at everything, as a resync does. */
  resync(): void {
    for (const { metadata } of this.kube.all(schedulerClusters))
      this.#keys.add(`${metadata.namespace!}/${metadata.name}`);
  }

  /** Lets operator, controller and time go on until nobody has anything to do. */
  async converge(rounds = 200): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.look();
      if (this.wantsRestart) await this.start();
      const acted = this.controller.step();
      await settle();
      if (acted || this.#keys.size > 0) continue;
      // Long enough for the next question to every instance.
      await this.clock.advance(7_000);
      if (this.#keys.size === 0) return;
    }
    throw new Error(`did not converge; last writes: ${this.kube.writes().slice(-10).join(', ')}`);
  }

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

  /** The API as the caches hear it: events of a frozen kind come after it was thawed. */
  #lateKube(): Pick<Kube, 'list' | 'watch'> {
    const { kube, frozen } = this;
    return {
      list: (resource, query) => kube.list(resource, query),
      async *watch(resource, query, signal) {
        for await (const event of kube.watch(resource, query, signal)) {
          while (frozen.has(resource.kind) && !signal.aborted) await new Promise(setImmediate);
          yield event;
        }
      },
    };
  }

  #answer(address: string) {
    const pod = this.#podAt(address);
    const said = pod && this.report(pod.metadata.name);
    if (!said) return { kind: 'silent', error: 'connection refused' } as const;
    const report = { ...reportOf(pod.metadata.name, this.clock.now()), ...this.#drainOf(pod), ...said };
    return { kind: 'report', report } as const;
  }

  #podAt(address: string): Pod | undefined {
    return this.kube.all(pods).find(({ status }) => status?.podIP === address);
  }

  #tellToDrain(address: string, timeoutSeconds: number): void {
    const pod = this.#podAt(address);
    if (!pod || !this.report(pod.metadata.name)) return;
    this.told.push(`${pod.metadata.name} ${String(timeoutSeconds)}`);
    this.drain(pod.metadata.name);
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
