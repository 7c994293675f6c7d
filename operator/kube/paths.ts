/** Where the API serves a kind, an object and its subresources. */
import type { Resource } from './kube.ts';

type Located = Pick<Resource, 'apiVersion' | 'plural'>;

/** `/api/v1/…` for the core group, `/apis/<group>/<version>/…` for the others; an empty namespace means the whole cluster. */
export function collectionPath({ apiVersion, plural }: Located, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}` : `${root}/${plural}`;
}

export function objectPath(
  resource: Located,
  { namespace, name }: { namespace?: string; name: string },
  subresource?: string,
): string {
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A path with its query; parameters that are undefined or empty are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) parameters.set(name, value);
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}
