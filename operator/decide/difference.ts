/**
 * Whether a live object already says everything that we wish. What others added, and what the API server filled in, does
 * not count; lists that the API merges by key are compared by that key, all others as a whole.
 */

/** Keys by which Kubernetes merges the lists that we write. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  ownerReferences: 'uid',
  topologySpreadConstraints: 'topologyKey',
  volumeMounts: 'mountPath',
  volumes: 'name',
};

/** Path of the first field of `wish` that `live` lacks or has otherwise, such as `spec.replicas`; undefined when there is none. */
export function difference(live: unknown, wish: unknown, path = ''): string | undefined {
  if (isEmpty(wish) && live === undefined) return undefined;
  if (Array.isArray(wish)) return listDifference(live, wish, path);
  if (!isFields(wish)) return live === wish ? undefined : path;
  if (!isFields(live)) return path;
  for (const [name, value] of Object.entries(wish)) {
    const found = difference(live[name], value, path ? `${path}.${name}` : name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const covers = (live: unknown, wish: unknown): boolean => difference(live, wish) === undefined;

type Fields = Readonly<Record<string, unknown>>;

function listDifference(live: unknown, wish: readonly unknown[], path: string): string | undefined {
  if (!Array.isArray(live)) return path;
  const key = keyFor(path, wish);
  if (key === undefined && live.length !== wish.length) return path;
  for (const [index, item] of wish.entries()) {
    const name = key === undefined ? index : (item as Fields)[key];
    const twin: unknown =
      key === undefined ? live[index] : live.find((other) => isFields(other) && other[key] === name);
    const found = difference(twin, item, `${path}[${String(name)}]`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Ports have another key in a Service than in a container; those of a NetworkPolicy's rule are one whole. */
function keyFor(path: string, wish: readonly unknown[]): string | undefined {
  const field = path.slice(path.lastIndexOf('.') + 1);
  if (field !== 'ports') return mergeKeys[field];
  if (path === 'spec.ports') return 'port';
  return wish.some((port) => isFields(port) && 'containerPort' in port) ? 'containerPort' : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The API server drops what says nothing. An emptyDir is `{}` too, but then its volume is there. */
const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
