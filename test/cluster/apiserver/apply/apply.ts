/** Server-side apply: merge the wish into the live object, drop what the applier no longer wishes, and find conflicts. */
import { resolve } from '../schema/models.ts';
import { equal, type JsonObject } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject, ManagedFieldsEntry } from '../../../../operator/schema/object.ts';
import { ApiError } from '../status.ts';
import { objectSchema } from '../../../../operator/schema/unknown-fields.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';
import {
  childOf,
  difference,
  emptySet,
  encode,
  intersection,
  isEmpty,
  node,
  pathText,
  pathsOf,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts';
import {
  entriesOf,
  identity,
  ignoredFields,
  isSame,
  loses,
  managersOf,
  type Author,
  type Manager,
} from './managers.ts';
import { compare, fieldsOf, merge, without, type Comparison } from './typed.ts';
import { checkTyped } from './check-typed.ts';

export interface Applied {
  readonly object: ApiObject;
  readonly managedFields: ManagedFieldsEntry[];
}

interface Conflict {
  readonly manager: Manager;
  readonly set: FieldSet;
}

/** Throws 409 with every contested field unless forced, and 500 for fields the schema does not know, as the API does. */
export function apply(
  kind: Kind,
  live: ApiObject | undefined,
  config: ApiObject,
  author: Author,
  force: boolean,
): Applied {
  const schema = objectSchema(resolve(kind.schema));
  checkTyped(kind, config, schema);
  const ignored = ignoredFields(kind, author.subresource);
  const wished = recursiveDifference(fieldsOf(config, schema), ignored);
  const me = identity(kind, author, 'Apply');
  const managers = ownersBefore(kind, live, schema, ignored);
  const others = managers.filter((manager) => !isSame(manager, me));
  const last = managers.find((manager) => isSame(manager, me));
  const object = mergeAndPrune(live, config, schema, { last: last?.set ?? emptySet, wished, others });
  const delta = live ? compare(live, object, schema) : undefined;
  const conflicts = delta ? conflictsOf(others, delta) : [];
  if (conflicts.length > 0 && !force && !mayOverride(live, conflicts, author, schema))
    throw conflictError(conflicts);
  return { object, managedFields: entriesOf([...afterwards(others, delta), renewed(me, last, wished)]) };
}

/** An object without any managers has one that owns all it holds, so that the first apply can conflict. */
function ownersBefore(kind: Kind, live: ApiObject | undefined, schema: Schema, ignored: FieldSet): Manager[] {
  const managers = managersOf(live);
  if (!live || managers.length > 0) return managers;
  const set = recursiveDifference(compare({ metadata: {} }, live, schema).added, ignored);
  const time = live.metadata.creationTimestamp ?? '';
  return [{ ...identity(kind, { manager: 'before-first-apply', subresource: '', time }, 'Update'), set }];
}

interface Wishes {
  readonly last: FieldSet;
  readonly wished: FieldSet;
  readonly others: readonly Manager[];
}

function mergeAndPrune(
  live: ApiObject | undefined,
  config: ApiObject,
  schema: Schema,
  wishes: Wishes,
): ApiObject {
  const merged = merge(live, config, schema);
  const kept = wishes.others.map(({ set }) => set).reduce(union, wishes.wished);
  return without(merged, removable(wishes.last, kept), kept, schema) as ApiObject;
}

/** Fields of the last apply that nobody wants any more. An item that holds a field of somebody else stays. */
function removable(last: FieldSet, kept: FieldSet): FieldSet {
  return node(
    last.member && isEmpty(kept),
    [...last.children].map(([edge, child]) => [edge, removable(child, childOf(kept, edge))] as const),
  );
}

const conflictsOf = (others: readonly Manager[], delta: Comparison): Conflict[] =>
  others
    .map((manager) => ({ manager, set: intersection(manager.set, union(delta.modified, delta.added)) }))
    .filter(({ set }) => !isEmpty(set));

/** `kubectl apply --server-side` may take over what `kubectl apply` wrote down as its own. */
function mayOverride(
  live: ApiObject | undefined,
  conflicts: readonly Conflict[],
  author: Author,
  schema: Schema,
): boolean {
  const last = live?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'];
  if (author.manager !== 'kubectl' || !last) return false;
  const allowed = fieldsOf(JSON.parse(last) as JsonObject, schema);
  return conflicts.every(({ set }) => isEmpty(difference(set, allowed)));
}

function afterwards(others: readonly Manager[], delta: Comparison | undefined): Manager[] {
  if (!delta) return [...others];
  const taken = [delta.modified, delta.added, delta.removed].reduce(union);
  return others.map((manager) => loses(manager, taken));
}

const renewed = (me: Omit<Manager, 'set'>, last: Manager | undefined, set: FieldSet): Manager => {
  const unchanged = last && equal(encode(last.set), encode(set));
  return { ...me, time: unchanged ? last.time : me.time, set };
};

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const contested = conflicts.flatMap(({ manager, set }) =>
    [...pathsOf(set)].map((path) => ({ who: describe(manager), path: pathText(path) })),
  );
  const causes = contested.map(({ who, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${who}`,
    field: path,
  }));
  return new ApiError(409, 'Conflict', conflictMessage(contested), { causes });
}

function conflictMessage(contested: readonly { who: string; path: string }[]): string {
  const [first] = contested;
  if (first && contested.length === 1)
    return `Apply failed with 1 conflict: conflict with ${first.who}: ${first.path}`;
  const groups = Map.groupBy(contested, ({ who }) => who);
  const lines = [...groups.keys()]
    .sort()
    .flatMap((who) => [`conflicts with ${who}:`, ...(groups.get(who) ?? []).map(({ path }) => `- ${path}`)]);
  return `Apply failed with ${contested.length} conflicts: ${lines.join('\n')}`;
}

function describe({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager);
  const door = subresource ? ` with subresource ${JSON.stringify(subresource)}` : '';
  return operation === 'Update' ? `${name}${door} using ${apiVersion}` : `${name}${door}`;
}
