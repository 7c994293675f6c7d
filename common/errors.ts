/**
 * One error type with a few codes. A failure of the outside world is thrown as an `AppError` and handled at a named
 * boundary; an expected answer ('full', 'duplicate') is a return value instead; anything else is a bug and becomes
 * `internal` at the boundary, where it is logged with its stack and costs only the item in hand.
 */

export const errorCodes = [
  'config', // what the user wrote cannot be used; a person must change it
  'conflict', // somebody else changed or holds it
  'not_found',
  'forbidden',
  'unavailable', // the other side cannot answer now; trying again may help
  'timeout',
  'invalid', // the other side refused our input
  'internal', // a bug
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export class AppError extends Error {
  readonly code: ErrorCode;
  /** Facts for the log line: ids, limits, counts. Never secrets or payloads. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; facts?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.facts = options.facts ?? {};
  }
}

/** Anything caught, as an `AppError`; what is not one already is a bug and becomes `internal`. */
export function toAppError(caught: unknown): AppError {
  if (caught instanceof AppError) return caught;
  const message = caught instanceof Error ? caught.message : String(caught);
  return new AppError('internal', message, { cause: caught });
}

/** Whether the other side did not answer: whatever is asked of it next would fail too. */
export function isOutage(caught: unknown): boolean {
  const { code } = toAppError(caught);
  return code === 'unavailable' || code === 'timeout';
}

/** Closes an exhaustive switch: the compiler refuses the call while a case is missing. */
export function assertNever(value: never): never {
  throw new AppError('internal', `unexpected value ${JSON.stringify(value)}`);
}
