/**
 * Structured logs on stdout: one JSON object a line, or a readable form on a terminal. Messages are constant sentences,
 * facts are fields. Nothing secret and no payload is ever a field.
 */
import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

export type { Logger } from 'pino';

const logFormats = ['json', 'pretty'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: (typeof logFormats)[number];
  /** What was asked for and is not to be had; the first lines of the log say so. */
  readonly unknown?: readonly UnknownSetting[];
}

interface UnknownSetting {
  readonly variable: string;
  readonly value: string;
  readonly known: readonly string[];
}

/**
 * Reads `LOG_LEVEL` and `LOG_FORMAT`; pretty by default on a terminal. A value that is not known gives way to the default:
 * a slip in how to log is no reason not to work.
 */
export function logOptions(environment: NodeJS.ProcessEnv, isTerminal: boolean): LogOptions {
  const unknown: UnknownSetting[] = [];
  const choice = <Value extends string>(
    variable: string,
    value: string | undefined,
    known: readonly Value[],
  ): Value | undefined => {
    const found = known.find((one) => one === value?.toLowerCase());
    if (found === undefined && value) unknown.push({ variable, value, known });
    return found;
  };
  const level = choice('LOG_LEVEL', environment['LOG_LEVEL'], logLevels) ?? 'info';
  const format = choice('LOG_FORMAT', environment['LOG_FORMAT'], logFormats);
  return { level, format: format ?? (isTerminal ? 'pretty' : 'json'), unknown };
}

/** @param also takes every line as well, always as JSON */
export function createLogger(
  base: Record<string, unknown>,
  options: LogOptions,
  also?: { write(line: string): void },
): Logger {
  const log = newLogger(base, options, also);
  for (const setting of options.unknown ?? [])
    log.warn(setting, 'log setting is not known, using the default');
  return log;
}

function newLogger(
  base: Record<string, unknown>,
  { level, format }: LogOptions,
  also: { write(line: string): void } | undefined,
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
