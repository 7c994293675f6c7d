/** Request bodies: read whole, bounded; JSON, YAML, or the protobuf of kubectl's typed commands. */
import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { isObject, type Json, type JsonObject } from '../../../../operator/schema/json.ts';
import { decodeProtobuf } from '../protobuf/decode.ts';
import { ApiError, badRequest, unsupportedMediaType } from '../status.ts';

const bodyMaxBytes = 3 * 1024 * 1024;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyMaxBytes) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyMaxBytes}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const mediaType = (header: string | undefined): string => (header ?? '').split(';')[0]?.trim() ?? '';

const protobuf = 'application/vnd.kubernetes.protobuf';
const objectTypes = `application/json, application/yaml, ${protobuf}`;

/** The object in a create, update or delete. */
export function parseObject(body: Buffer, type: string): JsonObject {
  if (type === protobuf) return decodeProtobuf(body) ?? refuseType();
  if (type !== '' && !/^(application\/(json|yaml)|\*\/\*)$/.test(type)) return refuseType();
  return requireObject(type === 'application/yaml' ? yamlValue(body) : jsonValue(body));
}

function refuseType(): never {
  throw unsupportedMediaType(objectTypes);
}

export function requireObject(value: Json | undefined): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('the object provided is unrecognized (must be of type Object)');
}

export function jsonValue(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

/** JSON is YAML, and what programs send: read as what it is, it is read in a hundredth of the time. */
export function yamlValue(body: Buffer): Json {
  const text = body.toString('utf8');
  return text.startsWith('{') ? (jsonOrUndefined(text) ?? parsedYaml(text)) : parsedYaml(text);
}

function jsonOrUndefined(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function parsedYaml(text: string): Json {
  try {
    return parseYaml(text) as Json;
  } catch (error) {
    throw badRequest(`error parsing YAML: ${(error as Error).message}`);
  }
}
