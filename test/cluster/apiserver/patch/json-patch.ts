/** RFC 6902. Operations are applied to a copy, all or none. */
import { copy, equal, isObject, type Json } from '../../../../operator/schema/json.ts';
import { badRequest, ApiError } from '../status.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: Json;
}

/** Too many would keep the server busy for one request. */
const operationsMax = 10_000;

export function jsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > operationsMax) {
    throw new ApiError(
      413,
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    );
  }
  const root = { value: copy(document) };
  for (const operation of patch) applyOperation(root, operation as unknown as Operation);
  return root.value;
}

interface Root {
  value: Json;
}

function applyOperation(root: Root, operation: Operation): void {
  const act = Object.hasOwn(operations, operation.op) ? operations[operation.op] : undefined;
  if (!act) throw badRequest(`Unexpected kind: ${operation.op}`);
  act(root, operation);
}

const valueOf = ({ value }: Operation): Json => copy(value ?? null);

const operations: Readonly<Record<string, (root: Root, operation: Operation) => void>> = {
  add(root, operation) {
    add(root, operation.path, valueOf(operation));
  },
  remove(root, { path }) {
    remove(root, path);
  },
  replace(root, operation) {
    existing(root, operation.path);
    replace(root, operation.path, valueOf(operation));
  },
  move(root, { path, from = '' }) {
    const moved = existing(root, from);
    remove(root, from);
    add(root, path, moved);
  },
  copy(root, { path, from = '' }) {
    add(root, path, copy(existing(root, from)));
  },
  test(root, operation) {
    if (!equal(read(root, operation.path) ?? null, valueOf(operation))) throw rejected();
  },
};

function existing(root: Root, path: string): Json {
  const found = read(root, path);
  if (found === undefined) throw rejected();
  return found;
}

/** A patch that does not fit the object is told without details, as the API does. */
const rejected = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

const segments = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function read(root: Root, path: string): Json | undefined {
  let here: Json | undefined = root.value;
  for (const part of segments(path)) {
    if (Array.isArray(here)) here = here[Number(part)];
    else if (isObject(here) && Object.hasOwn(here, part)) here = here[part];
    else return undefined;
  }
  return here;
}

function parentOf(root: Root, path: string): { parent: Json; last: string } {
  const parts = segments(path);
  const last = parts.pop() ?? '';
  const parent = read(root, path.slice(0, path.lastIndexOf('/')));
  if (!isObject(parent) && !Array.isArray(parent)) throw rejected();
  return { parent, last };
}

function add(root: Root, path: string, value: Json): void {
  if (path === '') {
    root.value = value;
    return;
  }
  const { parent, last } = parentOf(root, path);
  if (!Array.isArray(parent)) {
    if (isObject(parent)) parent[last] = value;
    return;
  }
  const index = last === '-' ? parent.length : Number(last);
  if (!Number.isInteger(index) || index < 0 || index > parent.length) throw rejected();
  parent.splice(index, 0, value);
}

function replace(root: Root, path: string, value: Json): void {
  if (path === '') {
    root.value = value;
    return;
  }
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent[Number(last)] = value;
  else if (isObject(parent)) parent[last] = value;
}

function remove(root: Root, path: string): void {
  if (read(root, path) === undefined) throw rejected();
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) Reflect.deleteProperty(parent, last);
}
