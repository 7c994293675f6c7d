/** A logger that keeps its lines for the test instead of printing them. */
import { pino, type Logger } from 'pino';

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export function fakeLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as LogLine);
  return { log: pino({ level: 'trace', base: null, timestamp: false }, { write }), lines };
}
