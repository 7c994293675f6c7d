/**
 * The Kubernetes protobuf envelope and the few messages kubectl writes in it. Reads what is in the field table and
 * passes over the rest; answers are always JSON, which every client takes.
 */
import type { Json, JsonObject } from '../../../../operator/schema/json.ts';
import { modelSchema, resolve } from '../schema/models.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';
import { timestamp } from '../../../../operator/schema/object.ts';
import { fieldNumbers } from './field-numbers.ts';
import { readFields, text, varint, type Field } from './wire.ts';

const magic = Buffer.from('k8s\0');

/** The object in an envelope; undefined when it is none, or of a kind that is not in the table. */
export function decodeProtobuf(body: Buffer): JsonObject | undefined {
  if (!body.subarray(0, 4).equals(magic)) return undefined;
  const envelope = readFields(body.subarray(4));
  const typeMeta = readFields(bytesOf(envelope, 1));
  const apiVersion = text(bytesOf(typeMeta, 1));
  const kind = text(bytesOf(typeMeta, 2));
  const model = modelOf(kind);
  if (!fieldNumbers(model)) return undefined;
  return { apiVersion, kind, ...message(bytesOf(envelope, 2), model) };
}

const modelOf = (kind: string): string =>
  kind === 'TokenRequest' ? 'AuthenticationV1TokenRequest' : `V1${kind}`;

const bytesOf = (fields: readonly Field[], number: number): Buffer => {
  const found = fields.find((field) => field.number === number)?.value;
  return Buffer.isBuffer(found) ? found : Buffer.alloc(0);
};

function message(bytes: Buffer, model: string): JsonObject {
  const names = fieldNumbers(model) ?? new Map<number, string>();
  const properties = modelSchema(model).properties ?? {};
  const out: JsonObject = {};
  for (const { number, value } of readFields(bytes)) {
    const name = names.get(number);
    const schema = name === undefined ? undefined : properties[name];
    if (name !== undefined && schema) put(out, name, value, schema);
  }
  return out;
}

/** Zero means "not set" in this encoding, except for numbers whose zero says something. */
const meaningfulZeros = new Set([
  'replicas',
  'gracePeriodSeconds',
  'minAvailable',
  'maxUnavailable',
  'maxSurge',
  'expirationSeconds',
]);

const isZero = (value: Json): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

function put(out: JsonObject, name: string, raw: bigint | Buffer, declared: Schema): void {
  const schema = resolve(declared);
  if (schema.type === 'array') {
    const list = (out[name] ?? []) as Json[];
    out[name] = [...list, single(raw, schema.items ?? {})];
  } else if (typeof schema.additionalProperties === 'object' && Buffer.isBuffer(raw)) {
    out[name] = { ...(out[name] as JsonObject | undefined), ...mapEntry(raw, schema.additionalProperties) };
  } else {
    const value = single(raw, declared);
    if (meaningfulZeros.has(name) || !isZero(value)) out[name] = value;
  }
}

function mapEntry(bytes: Buffer, schema: Schema): JsonObject {
  const fields = readFields(bytes);
  const key = text(bytesOf(fields, 1));
  const value = fields.find((field) => field.number === 2)?.value ?? Buffer.alloc(0);
  return { [key]: single(value, schema) };
}

function single(raw: bigint | Buffer, declared: Schema): Json {
  if (typeof raw === 'bigint')
    return declared.type === 'boolean' ? raw !== 0n : Number(BigInt.asIntN(64, raw));
  if (declared.$ref !== undefined) return message(raw, declared.$ref);
  if (declared['x-kubernetes-int-or-string']) return intOrString(raw);
  if (declared.format === 'date-time') return time(raw);
  return declared.format === 'byte' ? raw.toString('base64') : text(raw);
}

function intOrString(bytes: Buffer): Json {
  const fields = readFields(bytes);
  return varint(fields, 1) === 0 ? varint(fields, 2) : text(bytesOf(fields, 3));
}

/** The zero time is an empty message, and means no time. */
const time = (bytes: Buffer): Json =>
  bytes.length === 0 ? '' : timestamp(varint(readFields(bytes), 1) * 1000);
