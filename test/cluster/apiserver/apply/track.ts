/** Ownership after a plain write: the writer owns what it changed, and everybody else loses exactly that. */
import { resolve } from '../schema/models.ts';
import { equal } from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject, ManagedFieldsEntry } from '../../../../operator/schema/object.ts';
import { objectSchema } from '../../../../operator/schema/unknown-fields.ts';
import {
  difference,
  emptySet,
  encode,
  isEmpty,
  recursiveDifference,
  union,
  type FieldSet,
} from './field-set.ts';
import {
  asksForReset,
  entriesOf,
  identity,
  ignoredFields,
  isSame,
  loses,
  managersOf,
  type Author,
  type Manager,
} from './managers.ts';
import { compare } from './typed.ts';

export function trackUpdate(
  kind: Kind,
  before: ApiObject | undefined,
  after: ApiObject,
  author: Author,
): ManagedFieldsEntry[] {
  if (asksForReset(after)) return [];
  // A client may edit the list itself; a list left out means the one that is stored.
  const managers = managersOf(after.metadata.managedFields?.length ? after : before);
  const delta = compare(before ?? blank(kind), after, objectSchema(resolve(kind.schema)));
  const written = recursiveDifference(
    union(delta.added, delta.modified),
    ignoredFields(kind, author.subresource),
  );
  return entriesOf(withWritten(managers, identity(kind, author, 'Update'), written, delta.removed));
}

/** Typed objects always have their parts, so creating one does not create these. */
const blank = (kind: Kind): ApiObject => ({
  apiVersion: '',
  kind: '',
  metadata: { name: '' },
  ...(kind.custom
    ? {}
    : { spec: { template: { metadata: {}, spec: {} }, updateStrategy: {}, strategy: {} }, status: {} }),
});

function withWritten(
  managers: readonly Manager[],
  author: Omit<Manager, 'set'>,
  written: FieldSet,
  removed: FieldSet,
): Manager[] {
  const taken = union(written, removed);
  const others = managers
    .filter((manager) => !isSame(manager, author))
    .map((manager) => loses(manager, taken));
  const mine = managers.find((manager) => isSame(manager, author));
  const set = difference(union(mine?.set ?? emptySet, written), removed);
  if (isEmpty(set)) return others;
  const unchanged = mine && equal(encode(mine.set), encode(set));
  return [...others, { ...author, time: unchanged ? mine.time : author.time, set }];
}
