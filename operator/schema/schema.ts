/**
 * The schema language of the API: what a CustomResourceDefinition may write, and what the built-in kinds are described
 * with. Everything that walks an object (validation, patches, server-side apply, `kubectl explain`) is led by it.
 */
import type { Json } from './json.ts';

export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

export interface Schema {
  /** The name of a built-in model; a `Resolve` turns it into that model's schema. */
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** The schema behind a reference; any other schema as it is. */
export type Resolve = (schema: Schema) => Schema;

/** Anything goes below this: no types, no pruning. */
export const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of one field of an object: declared, covered by additionalProperties, or unknown. */
export function fieldSchema(schema: Schema, field: string): Schema | undefined {
  const declared = schema.properties;
  if (declared && Object.hasOwn(declared, field)) return declared[field];
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') return rest;
  return rest === true ? anything : undefined;
}

export const keepsUnknown = (schema: Schema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true;

/** Lists are atomic unless declared otherwise. */
export const listType = (schema: Schema): 'atomic' | 'set' | 'map' =>
  schema['x-kubernetes-list-type'] ?? 'atomic';

export const isAtomicMap = (schema: Schema): boolean => schema['x-kubernetes-map-type'] === 'atomic';
