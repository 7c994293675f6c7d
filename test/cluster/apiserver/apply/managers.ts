/** Who owns which fields: `metadata.managedFields` as a list of managers, and back. */
import type { Kind } from '../kinds/kind.ts';
import { groupVersion } from '../kinds/kind.ts';
import type { ApiObject, ManagedFieldsEntry } from '../../../../operator/schema/object.ts';
import { resolve } from '../schema/models.ts';
import {
  decode,
  difference,
  encode,
  fieldEdge,
  isEmpty,
  leaf,
  node,
  setOf,
  union,
  type FieldSet,
} from './field-set.ts';

export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
}

export interface Author {
  readonly manager: string;
  readonly subresource: string;
  readonly time: string;
}

export const isSame = (a: Manager, b: Omit<Manager, 'time' | 'set'>): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.apiVersion === b.apiVersion &&
  a.subresource === b.subresource;

export const identity = (
  kind: Kind,
  author: Author,
  operation: Manager['operation'],
): Omit<Manager, 'set'> => ({
  manager: author.manager,
  operation,
  apiVersion: groupVersion(kind),
  subresource: author.subresource,
  time: author.time,
});

/** A single empty entry is how a client asks to forget all owners. */
export const asksForReset = ({ metadata }: ApiObject): boolean =>
  metadata.managedFields?.length === 1 && !metadata.managedFields[0]?.operation;

export const managersOf = (object: ApiObject | undefined): Manager[] =>
  (object?.metadata.managedFields ?? [])
    .filter((entry) => Boolean(entry.operation))
    .map((entry) => ({
      manager: entry.manager,
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time,
      set: decode(entry.fieldsV1),
    }));

export function entriesOf(managers: readonly Manager[]): ManagedFieldsEntry[] {
  return managers
    .filter(({ set }) => !isEmpty(set))
    .toSorted(inOrder)
    .map(({ manager, operation, apiVersion, subresource, time, set }) => ({
      manager,
      operation,
      apiVersion,
      ...(time ? { time } : {}),
      fieldsType: 'FieldsV1',
      fieldsV1: encode(set),
      ...(subresource ? { subresource } : {}),
    }));
}

/** Apply before Update, then by time, then by name. */
function inOrder(a: Manager, b: Manager): number {
  const key = ({ operation, time, manager }: Manager): string => `${operation} ${time ?? ''} ${manager}`;
  return key(a) < key(b) ? -1 : 1;
}

const serverFields = [
  'creationTimestamp',
  'generation',
  'managedFields',
  'name',
  'namespace',
  'resourceVersion',
  'selfLink',
  'uid',
].map((field) => ['f:metadata', fieldEdge(field)]);

/** What belongs to nobody: identity, and the half of the object that this door does not write. */
export function ignoredFields(kind: Kind, subresource: string): FieldSet {
  const identityFields = setOf(['f:apiVersion'], ['f:kind'], ...serverFields);
  return union(identityFields, otherHalf(kind, subresource));
}

function otherHalf(kind: Kind, subresource: string): FieldSet {
  if (!kind.hasStatus || subresource === 'scale') return node(false, []);
  if (subresource !== 'status') return setOf(['f:status']);
  const fields = Object.keys(resolve(kind.schema).properties ?? {});
  const others = fields.filter((field) => field !== 'status' && (kind.custom || field !== 'metadata'));
  return node(
    false,
    others.concat(kind.custom ? 'metadata' : []).map((field) => [fieldEdge(field), leaf] as const),
  );
}

/** Takes fields from a manager; it disappears when nothing is left. */
export const loses = (manager: Manager, set: FieldSet): Manager => ({
  ...manager,
  set: difference(manager.set, set),
});
