/**
 * As much of the StatefulSet controller and of a kubelet as convergence needs: it takes one small action per step, so that a
 * test sees every state in between. Pods whose ConfigMap or Secret is missing do not start.
 */
import { configKey } from '../../operator/api/names.ts';
import { sha256 } from '../../operator/api/digest.ts';
import {
  configMaps,
  pods,
  secrets,
  statefulSets,
  type Pod,
  type PodTemplate,
  type StatefulSet,
} from '../../operator/kube/resources.ts';
import { configMapOf } from '../../operator/decide/pods.ts';
import type { FakeKube } from '../fakes/kube.ts';

/** What a started pod turns out to be. */
export type Behaviour = (pod: Pod) => Pod['status'] | undefined;

export const readyStatus = (podIP: string, lastTransitionTime = ''): NonNullable<Pod['status']> => ({
  phase: 'Running',
  podIP,
  conditions: [{ type: 'Ready', status: 'True', ...(lastTransitionTime ? { lastTransitionTime } : {}) }],
  containerStatuses: [
    { name: 'scheduler', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} } },
  ],
});

export const refusedStatus = (podIP: string, message: string): NonNullable<Pod['status']> => ({
  phase: 'Running',
  podIP,
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: 'scheduler',
      ready: false,
      restartCount: 3,
      image: '',
      imageID: '',
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 78, message } },
    },
  ],
});

const revisionOf = ({ spec }: StatefulSet): string => sha256(JSON.stringify(spec!.template)).slice(0, 10);

export class StatefulSetController {
  readonly #kube: FakeKube;
  readonly #behave: Behaviour;
  readonly #now: () => string;
  /** Templates by revision, as ControllerRevisions keep them. */
  readonly #templates = new Map<string, PodTemplate>();
  /** Errors a real cluster would show as pods that never start. */
  readonly complaints: string[] = [];
  /** How many pods it has made. */
  made = 0;
  #addresses = 0;

  constructor(kube: FakeKube, behave: Behaviour, now: () => string) {
    this.#kube = kube;
    this.#now = now;
    this.#behave = behave;
  }

  /** One action for each set; false when there was nothing to do. */
  step(): boolean {
    return this.#kube
      .all(statefulSets)
      .map((set) => this.#stepOne(set))
      .some(Boolean);
  }

  #stepOne(set: StatefulSet): boolean {
    this.#templates.set(revisionOf(set), set.spec!.template);
    const owned = this.#podsOf(set);
    const acted = this.#start(owned) || this.#scale(set, owned) || this.#roll(set, owned);
    return this.#writeStatus(set, this.#podsOf(set)) || acted;
  }

  #podsOf(set: StatefulSet): Pod[] {
    return this.#kube.all(
      pods,
      ({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) ?? false,
    );
  }

  #start(owned: readonly Pod[]): boolean {
    // One that was tried and still waits has conditions.
    const pod = owned.find(({ status }) => status?.phase === 'Pending' && !status.conditions);
    if (!pod || !this.#hasFiles(pod)) return false;
    const status = this.#behave(pod) ?? readyStatus(`10.0.0.${String(++this.#addresses)}`, this.#now());
    this.#kube.put({ ...pod, status });
    return true;
  }

  #hasFiles(pod: Pod): boolean {
    const { namespace = '', name } = pod.metadata;
    const configMap = configMapOf(pod);
    // The embedded Redis has none.
    const isConfigured =
      configMap === undefined ||
      this.#kube.peek(configMaps, { namespace, name: configMap })?.data?.[configKey(name)] !== undefined;
    const secretName = pod.spec!.volumes!.find(({ secret }) => secret)!.secret!.secretName!;
    const found = isConfigured && this.#kube.peek(secrets, { namespace, name: secretName });
    if (!found) this.complaints.push(`${name} starts without its file in ${String(configMapOf(pod))}`);
    return Boolean(found);
  }

  #scale(set: StatefulSet, owned: readonly Pod[]): boolean {
    const wanted = set.spec!.replicas!;
    const missing = Array.from({ length: wanted }, (_, ordinal) => ordinal).filter(
      (ordinal) => !owned.some((pod) => ordinalIn(set, pod) === ordinal),
    );
    for (const ordinal of missing) this.#make(set, ordinal);
    const extra = owned.find((pod) => ordinalIn(set, pod) >= wanted);
    if (extra) this.#kube.remove(extra);
    return missing.length > 0 || extra !== undefined;
  }

  /** Below the partition a lost pod comes back as it was. */
  #make(set: StatefulSet, ordinal: number): void {
    const update = revisionOf(set);
    this.made += 1;
    const revision = ordinal < partitionOf(set) ? (set.status?.currentRevision ?? update) : update;
    this.#kube.put(podOf(set, ordinal, { revision, template: this.#templates.get(revision)! }));
  }

  /** From the partition up, replaces one outdated pod, the highest first, while all others are ready or this one is broken itself. */
  #roll(set: StatefulSet, owned: readonly Pod[]): boolean {
    const revision = revisionOf(set);
    const outdated = owned
      .filter(({ metadata }) => metadata.labels!['controller-revision-hash'] !== revision)
      .filter((pod) => ordinalIn(set, pod) >= partitionOf(set))
      .sort((a, b) => ordinalIn(set, b) - ordinalIn(set, a));
    const updating = owned.some(
      (pod) => ordinalIn(set, pod) >= partitionOf(set) && !outdated.includes(pod) && !isReady(pod),
    );
    if (!outdated[0] || updating) return false;
    this.#kube.remove(outdated[0]);
    return true;
  }

  #writeStatus(set: StatefulSet, owned: readonly Pod[]): boolean {
    const revision = revisionOf(set);
    const updated = owned.filter(({ metadata }) => metadata.labels!['controller-revision-hash'] === revision);
    const isComplete = updated.length === set.spec!.replicas && updated.every(isReady);
    const status = {
      observedGeneration: set.metadata.generation!,
      replicas: owned.length,
      readyReplicas: owned.filter(isReady).length,
      updatedReplicas: updated.length,
      updateRevision: revision,
      currentRevision: isComplete ? revision : (set.status?.currentRevision ?? revision),
    };
    if (JSON.stringify(set.status) === JSON.stringify(status)) return false;
    this.#kube.put({ ...set, status });
    return true;
  }
}

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

const ordinalIn = ({ metadata }: StatefulSet, pod: Pod): number =>
  Number(pod.metadata.name.slice(metadata.name.length + 1));

const partitionOf = ({ spec }: StatefulSet): number => spec?.updateStrategy?.rollingUpdate?.partition ?? 0;

interface Made {
  readonly revision: string;
  readonly template: PodTemplate;
}

function podOf(set: StatefulSet, ordinal: number, { revision, template }: Made): Pod {
  const { name, namespace, uid } = set.metadata;
  const { metadata, spec } = template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${String(ordinal)}`,
      namespace: namespace!,
      labels: { ...metadata!.labels, 'controller-revision-hash': revision },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: uid!, controller: true }],
    },
    spec: structuredClone(spec!),
    status: { phase: 'Pending' },
  };
}
