/**
 * What ioredis throws, as an `AppError`. Its errors carry the command with its arguments, which are payloads and perhaps
 * credentials: only the message goes on, and of Redis' own errors only the code.
 */
import { AppError } from '../../../common/errors.ts';

/** Codes with which Redis says that it cannot do now what it could do at another time. */
const passing: Readonly<Record<string, string>> = {
  OOM: 'Redis is out of memory (maxmemory)',
  MISCONF: 'Redis cannot write to its disk',
  LOADING: 'Redis is loading its data',
  READONLY: 'Redis is a read-only replica',
  MASTERDOWN: 'Redis replica lost its master',
  CLUSTERDOWN: 'Redis cluster is down',
  MOVED: 'Redis cluster moved the slot',
  ASK: 'Redis cluster is moving the slot',
  TRYAGAIN: 'Redis cluster is moving the slot',
  BUSY: 'Redis is busy running a script',
  NOREPLICAS: 'Redis has too few replicas',
  UNBLOCKED: 'Redis unblocked the read',
  UNKILLABLE: 'Redis is busy running a script',
  NOAUTH: 'Redis wants credentials',
  WRONGPASS: 'Redis refused the credentials',
  NOPERM: 'Redis denies the user this command or key',
};

const codeOf = (error: Error): string => /^-?([A-Z]{2,})\b/.exec(error.message)?.[1] ?? '';

export const isNoScript = (error: unknown): boolean => error instanceof Error && codeOf(error) === 'NOSCRIPT';
export const isNoGroup = (error: unknown): boolean =>
  error instanceof AppError && error.facts['redis'] === 'NOGROUP';
export const isBusyGroup = (error: unknown): boolean =>
  error instanceof AppError && error.facts['redis'] === 'BUSYGROUP';
export const isMoved = (error: unknown): boolean =>
  error instanceof Error && ['MOVED', 'ASK'].includes(codeOf(error));

/** `unavailable`, unless Redis says that the command itself is wrong, which is a bug. */
export function redisFailure(caught: unknown, op: string): AppError {
  if (caught instanceof AppError) return caught;
  const error = caught instanceof Error ? caught : new Error(String(caught));
  const code = codeOf(error);
  const said = passing[code];
  if (said) return new AppError('unavailable', said, { facts: { op, redis: code } });
  if (error.name === 'ReplyError') {
    return new AppError('internal', `Redis refused ${op}: ${error.message}`, { facts: { op, redis: code } });
  }
  const why = withoutCredentials(error.message);
  return new AppError('unavailable', `Redis does not answer: ${why}`, { facts: { op } });
}

const withoutCredentials = (message: string): string =>
  message.replace(/\/\/[^@/\s]*@/g, '//***@').slice(0, 200);
