/** What a path and a method ask for: the attributes that authorization, audit and routing speak of. */

export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isResource: boolean;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource, for proxies and the like. */
  readonly rest: string;
}

const nothing = { group: '', version: '', namespace: '', plural: '', name: '', subresource: '', rest: '' };

export function requestInfo(method: string, url: URL): RequestInfo {
  const { pathname, searchParams } = url;
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const base = { method, path: pathname, query: searchParams };
  const resource = resourceParts(parts);
  if (!resource) return { ...base, ...nothing, isResource: false, verb: method.toLowerCase() };
  const found = { ...nothing, ...resource };
  return { ...base, ...found, isResource: true, verb: verbOf(method, found.name, searchParams) };
}

type ResourceParts = Partial<typeof nothing>;

/** Splits /api/v1/… and /apis/group/version/…; undefined when no resource is named. */
function resourceParts(parts: readonly string[]): ResourceParts | undefined {
  const [root, ...tail] = parts;
  if (root === 'api' && tail.length >= 2) return { version: tail[0] ?? '', ...scoped(tail.slice(1)) };
  if (root === 'apis' && tail.length >= 3) {
    return { group: tail[0] ?? '', version: tail[1] ?? '', ...scoped(tail.slice(2)) };
  }
  return undefined;
}

const namespaceSubresources = new Set(['status', 'finalize']);

/** `namespaces/a/pods/b` is a pod in a; `namespaces/a` and its own subresources are about the namespace itself. */
function scoped(parts: readonly string[]): ResourceParts {
  const inNamespace =
    parts[0] === 'namespaces' && parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '');
  const [plural = '', name = '', subresource = '', ...rest] = inNamespace ? parts.slice(2) : parts;
  const namespace = parts[0] === 'namespaces' ? (parts[1] ?? '') : '';
  return { namespace, plural, name, subresource, rest: rest.join('/') };
}

const isTrue = (value: string | null): boolean => value === 'true' || value === '1' || value === '';

function verbOf(method: string, name: string, query: URLSearchParams): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      if (query.has('watch') && isTrue(query.get('watch'))) return 'watch';
      return name === '' ? 'list' : 'get';
  }
}
