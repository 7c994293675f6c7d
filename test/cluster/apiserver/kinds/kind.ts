/** What the server knows of a kind: its names, where it is served, how it is checked and shown. */
import type { ScalePaths } from '../../../../operator/schema/custom-resource.ts';
import type { FieldError } from '../../../../operator/schema/field-error.ts';
import type { Json } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Columns above 0 are shown by `-o wide` only. */
  readonly priority?: number;
  readonly cell: (object: ApiObject, now: number) => Json;
}

/** The rules of one kind. Functions that change an object do so in place, on a copy made for them. */
export interface Strategy {
  /** Fills what the API documents as default. */
  readonly setDefaults?: (object: ApiObject) => void;
  /** What a create may not say, or what the server decides at creation. */
  readonly prepareForCreate?: (object: ApiObject) => void;
  readonly prepareForUpdate?: (object: ApiObject, old: ApiObject) => void;
  readonly validate?: (object: ApiObject) => FieldError[];
  readonly validateUpdate?: (object: ApiObject, old: ApiObject) => FieldError[];
  readonly validateStatusUpdate?: (object: ApiObject, old: ApiObject) => FieldError[];
  /** Names with slashes, colons or dots, such as RBAC objects have. */
  readonly nameCheck?: 'subdomain' | 'label' | 'path';
  /** Seconds a delete leaves the object in place, marked; undefined removes it at once. */
  readonly graceSeconds?: (object: ApiObject) => number | undefined;
  /** Finalizers outside metadata that keep a deleted object. */
  readonly isHeld?: (object: ApiObject) => boolean;
}

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Whether spec and status are written through different doors. */
  readonly hasStatus: boolean;
  readonly hasGeneration: boolean;
  readonly scale?: ScalePaths;
  /** Other subresources, answered by handlers of their own. */
  readonly subresources: readonly string[];
  readonly schema: Schema;
  readonly columns: readonly Column[];
  readonly strategy: Strategy;
  /** Custom resources are pruned and checked by their schema, and have no strategic merge. */
  readonly custom: boolean;
  /** Key in storage; two kinds with the same one are two views of the same objects. */
  readonly storage: string;
  readonly fromStorage?: (object: ApiObject) => ApiObject;
  readonly toStorage?: (object: ApiObject) => ApiObject;
}

export const groupVersion = ({ group, version }: { group: string; version: string }): string =>
  group ? `${group}/${version}` : version;
