/** Keeps Endpoints and EndpointSlices true to the pods behind each Service. */
import type { KubeObject, Resource } from '../../../operator/kube/kube.ts';
import { keyOf } from '../../../operator/kube/object-cache.ts';
import {
  endpoints,
  endpointSlices,
  pods,
  services,
  type EndpointSlice,
} from '../../../operator/kube/resources.ts';
import { allSettled, startQueue, type Controller, type ControllerContext } from './controller.ts';
import { endpointsOf, hasSelector, selectedPods, slicesOf } from './endpoints-of.ts';
import { canonicalJson } from './hash.ts';
import { isControlledBy } from './owners.ts';
import { matchesAll } from './selector.ts';

export function startEndpoints(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const allServices = informers.of(services);
  const allPods = informers.of(pods);
  const allSlices = informers.of(endpointSlices);
  /** What was written last, so that pod changes that mean nothing to a Service cost nothing. */
  const written = new Map<string, string>();

  const queue = startQueue(context, 'endpoints', async (name) => {
    const service = allServices.get(name);
    if (!service) return forget(name);
    if (!hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return {};
    const members = selectedPods(service, allPods.inNamespace(name.namespace));
    const slices = slicesOf(service, members);
    await writeIfNew(endpoints, endpointsOf(service, members));
    for (const slice of slices) await writeIfNew(endpointSlices, slice);
    const wanted = new Set(slices.map(({ metadata }) => metadata.name));
    const old = slicesOfService(service).filter(({ metadata }) => !wanted.has(metadata.name));
    await allSettled(old.map((slice) => kube.delete(endpointSlices, slice)));
    return {};
  });

  const slicesOfService = (service: KubeObject): EndpointSlice[] =>
    allSlices.inNamespace(service.metadata.namespace).filter((slice) => isControlledBy(slice, service));

  /** Slices go with their owner; Endpoints have none and are deleted by name. */
  async function forget({ namespace, name }: { namespace: string; name: string }) {
    if (written.delete(`Endpoints ${namespace}/${name}`)) {
      await kube.delete(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata: { namespace, name } });
    }
    return {};
  }

  async function writeIfNew<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void> {
    const key = `${resource.kind} ${keyOf(object.metadata)}`;
    const text = canonicalJson(object);
    if (written.get(key) === text) return;
    await kube.apply(resource, object);
    written.set(key, text);
  }

  allServices.onChange((before, after) => {
    queue.add(keyOf((after ?? before)!.metadata));
  });
  allPods.onChange((before, after) => {
    const namespace = (after ?? before)!.metadata.namespace;
    for (const service of allServices.inNamespace(namespace)) {
      const selector = service.spec?.selector ?? {};
      const concerns = [before, after].some((pod) => pod && matchesAll(selector, pod.metadata.labels ?? {}));
      if (hasSelector(service) && concerns) queue.add(keyOf(service.metadata));
    }
  });
  allSlices.onChange((before, after) => {
    const name = before?.metadata.labels?.['kubernetes.io/service-name'];
    if (!before || after || name === undefined) return;
    written.delete(`EndpointSlice ${keyOf(before.metadata)}`);
    queue.add(`${before.metadata.namespace ?? ''}/${name}`);
  });
  return { stop: () => queue.stop() };
}
