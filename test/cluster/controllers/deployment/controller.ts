/** The Deployment and ReplicaSet controllers: enough to run the operator's own Deployment. */
import { keyOf } from '../../../../operator/kube/object-cache.ts';
import { deployments, pods, type Deployment } from '../../../../operator/kube/resources.ts';
import {
  allSettled,
  recorder,
  startQueue,
  writeStatus,
  type Controller,
  type ControllerContext,
} from '../controller.ts';
import { controllerOf, isControlledBy } from '../owners.ts';
import { deploymentStatus, planDeployment, type DeploymentAction } from './plan.ts';
import { planReplicas, replicaPod, replicaStatus } from './replica-plan.ts';
import { replicaSets, type ReplicaSet } from './replica-sets.ts';

export function startDeployments(context: ControllerContext): Controller {
  const { kube, clock, informers } = context;
  const all = informers.of(deployments);
  const sets = informers.of(replicaSets);
  const record = recorder(context, 'deployment-controller');

  const queue = startQueue(context, 'deployment', async (name) => {
    const deployment = all.get(name);
    if (!deployment) return {};
    const owned = sets
      .byIndex('owner', deployment.metadata.uid ?? '')
      .filter((set) => isControlledBy(set, deployment));
    await allSettled(planDeployment(deployment, owned).map((action) => act(deployment, action)));
    const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    await writeStatus(kube, deployments, deployment, deploymentStatus(deployment, owned, now));
    return {};
  });

  async function act(deployment: Deployment, action: DeploymentAction): Promise<void> {
    const { set } = action;
    if (action.kind === 'create') await kube.create(replicaSets, set);
    if (action.kind === 'delete') await kube.delete(replicaSets, set);
    if (action.kind !== 'scale') return;
    const { name, namespace = '', uid } = set.metadata;
    await kube.patch(
      replicaSets,
      { namespace, name },
      { metadata: { uid }, spec: { replicas: action.replicas } },
    );
    const message = `Scaled replica set ${name} from ${set.spec?.replicas ?? 0} to ${action.replicas}`;
    record({ about: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message });
  }

  all.onChange((before, after) => {
    queue.add(keyOf((after ?? before)!.metadata));
  });
  sets.onChange((before, after) => {
    const set = (after ?? before)!;
    const owner = controllerOf(set);
    if (owner?.kind === 'Deployment') queue.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
  });
  return { stop: () => queue.stop() };
}

export function startReplicaSets(context: ControllerContext): Controller {
  const { kube, clock, random, informers } = context;
  const sets = informers.of(replicaSets);
  const record = recorder(context, 'replicaset-controller');

  const queue = startQueue(context, 'replicaset', async (name) => {
    const set = sets.get(name);
    if (!set) return {};
    const owned = await podsOf(set);
    const { create, remove } = planReplicas(set, owned);
    await allSettled([
      ...Array.from({ length: create }, () => createPod(set)),
      ...remove.map((pod) => kube.delete(pods, pod)),
    ]);
    const reported = create + remove.length > 0 ? await podsOf(set) : owned;
    await writeStatus(kube, replicaSets, set, replicaStatus(set, reported, clock.now()));
    return {};
  });

  /** Asked of the API each time: names are drawn, so a look at an old copy would create a pod twice. */
  async function podsOf(set: ReplicaSet) {
    const labels = Object.entries(set.spec?.selector.matchLabels ?? {});
    const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',');
    const { items } = await kube.list(pods, { namespace: set.metadata.namespace ?? '', labelSelector });
    return items.filter((pod) => isControlledBy(pod, set));
  }

  async function createPod(set: ReplicaSet): Promise<void> {
    const pod = replicaPod(set, random.id().slice(0, 5));
    await kube.create(pods, pod);
    const message = `Created pod: ${pod.metadata.name}`;
    record({ about: set, type: 'Normal', reason: 'SuccessfulCreate', message });
  }

  sets.onChange((before, after) => {
    queue.add(keyOf((after ?? before)!.metadata));
  });
  informers.of(pods).onChange((before, after) => {
    const pod = (after ?? before)!;
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') queue.add(`${pod.metadata.namespace ?? ''}/${owner.name}`);
  });
  return { stop: () => queue.stop() };
}
