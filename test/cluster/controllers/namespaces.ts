/** The end of a namespace: everything in it is deleted, and when nothing is left the namespace may go. */
import { AppError } from '../../../common/errors.ts';
import { collectionPath, objectPath } from '../../../operator/kube/paths.ts';
import { namespaces, type Namespace } from '../../../operator/kube/resources.ts';
import { startQueue, type Controller, type ControllerContext } from './controller.ts';
import { discover, isEvent, type ServedResource } from './discovery.ts';

/** How soon a namespace that still has contents, such as pods in their grace period, is looked at again. */
const againInMs = 200;

export function startNamespaces(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const all = informers.of(namespaces);

  const queue = startQueue(context, 'namespace', async ({ name }) => {
    const namespace = all.get({ namespace: '', name });
    if (namespace?.metadata.deletionTimestamp === undefined) return {};
    const left = await empty(name);
    if (left > 0) return { againInMs };
    await finalize(namespace);
    return {};
  });

  /** Deletes all contents and answers how many objects are still there. */
  async function empty(namespace: string): Promise<number> {
    const served = await discover(kube);
    const inNamespaces = served.filter(
      (resource) =>
        resource.namespaced && resource.verbs.includes('delete') && resource.verbs.includes('list'),
    );
    const left = await Promise.all(inNamespaces.map((resource) => emptyOf(resource, namespace)));
    return left.reduce((sum, count) => sum + count, 0);
  }

  async function emptyOf(resource: ServedResource, namespace: string): Promise<number> {
    const before = await kube.list(resource, { namespace });
    if (before.items.length === 0) return 0;
    if (before.items.some(({ metadata }) => metadata.deletionTimestamp === undefined)) {
      await deleteAll(resource, namespace);
    }
    // Events are written while everything else ends; a last one is no reason to wait.
    return isEvent(resource) ? 0 : (await kube.list(resource, { namespace })).items.length;
  }

  async function deleteAll(resource: ServedResource, namespace: string): Promise<void> {
    const path = collectionPath(resource, namespace);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const answer = await kube.raw({ method: 'DELETE', path, body });
    if (answer.status >= 300) throw new AppError('unavailable', `DELETE ${path}: ${answer.status}`);
  }

  async function finalize({ metadata, spec }: Namespace): Promise<void> {
    const finalizers = (spec?.finalizers ?? []).filter((finalizer) => finalizer !== 'kubernetes');
    await kube.raw({
      method: 'PUT',
      path: objectPath(namespaces, { name: metadata.name }, 'finalize'),
      body: { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { ...spec, finalizers } },
    });
  }

  all.onChange((_before, after) => {
    if (after?.metadata.deletionTimestamp !== undefined) queue.add(after.metadata.name);
  });
  return { stop: () => queue.stop() };
}
