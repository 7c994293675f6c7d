/** What an API server serves: every kind in its preferred version. */
import { AppError } from '../../../common/errors.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import type { Resource } from '../../../operator/kube/kube.ts';
import type { CustomResourceDefinition } from '../../../operator/kube/resources.ts';

export interface ServedResource extends Resource {
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface ResourceList {
  readonly groupVersion: string;
  readonly resources: readonly {
    name: string;
    kind: string;
    namespaced: boolean;
    verbs: readonly string[];
  }[];
}

interface GroupList {
  readonly groups: readonly { preferredVersion: { groupVersion: string } }[];
}

/** Without subresources. Throws `unavailable` when a part of the API does not answer: half a list would be taken for all. */
export async function discover(kube: KubeClient): Promise<ServedResource[]> {
  const { groups } = await getJson<GroupList>(kube, '/apis');
  const paths = groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`);
  const lists = await Promise.all(['/api/v1', ...paths].map((path) => getJson<ResourceList>(kube, path)));
  return lists.flatMap(({ groupVersion, resources }) =>
    resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs }) => ({
        apiVersion: groupVersion,
        kind,
        plural: name,
        namespaced,
        verbs,
      })),
  );
}

/** What a CustomResourceDefinition adds; undefined until it is established and after it is asked to go. */
export function definedResource({
  metadata,
  spec,
  status,
}: CustomResourceDefinition): ServedResource | undefined {
  const established = status?.conditions?.some(
    ({ type, status: is }) => type === 'Established' && is === 'True',
  );
  const version =
    spec.versions.find(({ served, storage }) => served && storage) ??
    spec.versions.find(({ served }) => served);
  if (!established || !version || metadata.deletionTimestamp !== undefined) return undefined;
  return {
    apiVersion: `${spec.group}/${version.name}`,
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
    verbs: ['list', 'watch', 'delete', 'deletecollection', 'patch', 'get'],
  };
}

/** Events are many, live for an hour and own nothing; they stand in two groups. */
export const isEvent = ({ plural, apiVersion }: Resource): boolean =>
  plural === 'events' && (apiVersion === 'v1' || apiVersion.startsWith('events.k8s.io/'));

async function getJson<T>(kube: KubeClient, path: string): Promise<T> {
  const answer = await kube.raw({ method: 'GET', path });
  if (answer.status !== 200) throw new AppError('unavailable', `GET ${path}: ${answer.status}`);
  return JSON.parse(answer.body) as T;
}
