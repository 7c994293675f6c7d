/** Failures as the API tells them: a metav1.Status with its HTTP code, reason and the wording clients match on. */
import type { FieldError } from '../../../operator/schema/field-error.ts';
import type { JsonObject } from '../../../operator/schema/json.ts';

export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

export class ApiError extends Error {
  readonly code: number;
  readonly status: JsonObject;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    const retryAfter = details?.['retryAfterSeconds'];
    this.headers = typeof retryAfter === 'number' ? { 'retry-after': String(retryAfter) } : {};
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details ? { details } : {}),
      code,
    };
  }
}

export const qualified = ({ group, plural }: GroupResource): string =>
  group ? `${plural}.${group}` : plural;

const about = ({ group, plural }: GroupResource, name: string): JsonObject => ({
  ...(name ? { name } : {}),
  ...(group ? { group } : {}),
  kind: plural,
});

export const notFound = (resource: GroupResource, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, about(resource, name));

/** Nothing is served at this path; the answer is a bare page, which clients word themselves. */
export class UnknownPath extends ApiError {
  constructor() {
    super(404, 'NotFound', 'the server could not find the requested resource', {});
  }
}

export const alreadyExists = (resource: GroupResource, name: string): ApiError =>
  new ApiError(
    409,
    'AlreadyExists',
    `${qualified(resource)} "${name}" already exists`,
    about(resource, name),
  );

const staleObjectMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (resource: GroupResource, name: string, why = staleObjectMessage): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    about(resource, name),
  );

export function forbidden(
  resource: GroupResource,
  name: string,
  why: string,
  causes?: JsonObject[],
): ApiError {
  const subject = name || resource.plural ? `${qualified(resource)}${name ? ` "${name}"` : ''} is ` : '';
  return new ApiError(403, 'Forbidden', `${subject}forbidden: ${why}`, {
    ...about(resource, name),
    ...(causes ? { causes } : {}),
  });
}

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const methodNotAllowed = (): ApiError =>
  new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );

export const notAcceptable = (accepted: string): ApiError =>
  new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${accepted}`);

export const unsupportedMediaType = (accepted: string): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

/** The asked resourceVersion is still in the future; a client waits a second and tries again. */
export const tooLargeResourceVersion = (asked: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

export const tooManyRequests = (message: string, details: JsonObject): ApiError =>
  new ApiError(429, 'TooManyRequests', message, details);

export const internalError = (message: string): ApiError =>
  new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** 422 with one cause per field; the list is in brackets only when there are several. */
export function invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): ApiError {
  const lines = errors.map((error) => `${error.field}: ${error.message}`);
  const all = lines.length === 1 ? lines.join('') : `[${lines.join(', ')}]`;
  const qualifiedKind = group ? `${kind}.${group}` : kind;
  return new ApiError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${all}`, {
    ...(name ? { name } : {}),
    ...(group ? { group } : {}),
    ...(kind ? { kind } : {}),
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export const success = (details: JsonObject): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details,
});
