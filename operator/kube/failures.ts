/** What an answer that is not a success means, as an `AppError`. */
import { AppError, type ErrorCode } from '../../common/errors.ts';

/** The `Status` object that the API sends with a failure, as far as it matters here. */
export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not_found',
  405: 'invalid',
  408: 'timeout',
  409: 'conflict',
  410: 'unavailable',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'unavailable',
  504: 'timeout',
};

export interface FailedAnswer {
  readonly request: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

export function failureOf({ request, status, body, retryAfter }: FailedAnswer): AppError {
  const told = parseStatus(body);
  const message = told.message ?? (body.slice(0, 200) || 'no explanation');
  return new AppError(codeOf(status, message), `${request}: ${message}`, {
    facts: {
      status,
      reason: told.reason,
      details: told.details,
      retryAfterMs: retryAfterMs(retryAfter, told),
    },
  });
}

/** What an ERROR event of a watch means. */
export function failureOfEvent(request: string, status: Status): AppError {
  return failureOf({ request, status: status.code ?? 500, body: JSON.stringify(status) });
}

function codeOf(status: number, message: string): ErrorCode {
  // An apply with a field that the schema does not know fails with 500, though no repetition will help.
  if (status === 500 && message.includes('field not declared in schema')) return 'invalid';
  return codes[status] ?? (status >= 400 && status < 500 ? 'invalid' : 'unavailable');
}

function parseStatus(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function retryAfterMs(header: string | undefined, { details }: Status): number | undefined {
  const seconds = Number(header ?? details?.retryAfterSeconds ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
