/**
 * Structured logs on stdout: one JSON object a line, or a readable form on a terminal. Messages are constant sentences,
 * facts are fields. Nothing secret and no payload is ever a field.
 */
import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type { Logger } from 'pino';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
}

/** Reads `LOG_LEVEL` and `LOG_FORMAT`; pretty by default on a terminal. Unknown values fall back to the defaults. */
export function logOptions(environment: NodeJS.ProcessEnv, isTerminal: boolean): LogOptions {
  const asked = environment['LOG_LEVEL']?.toLowerCase();
  const level = logLevels.find((known) => known === asked) ?? 'info';
  const format = environment['LOG_FORMAT'];
  return {
    level,
    format: format === 'json' || format === 'pretty' ? format : isTerminal ? 'pretty' : 'json',
  };
}

/** @param also takes every line as well, always as JSON */
export function createLogger(
  base: Record<string, unknown>,
  { level, format }: LogOptions,
  also?: { write(line: string): void },
): Logger {
  const options = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Levels by name, upper case: the guide tells people to look for `ERROR`.
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
  const shown =
    format === 'json'
      ? pino.destination(1)
      : PinoPretty({ sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' });
  if (!also) return pino(options, shown);
  return pino(
    options,
    pino.multistream([
      { level, stream: shown },
      { level, stream: also },
    ]),
  );
}
