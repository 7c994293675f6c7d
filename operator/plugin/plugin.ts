/** What a command works with. */
import type { Clock } from '../../common/clock.ts';
import type { Asked, Format } from './arguments.ts';
import type { Kubectl } from './kubectl.ts';
import type { Style } from './text/style.ts';
import { stringify } from 'yaml';

export interface Plugin {
  readonly kubectl: Kubectl;
  readonly clock: Clock;
  readonly style: Style;
  /** Of the terminal, in characters. */
  readonly width: number;
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** What else is to be said. */
  readonly note: (text: string) => void;
  /** Aborts when the person has seen enough. */
  readonly signal: AbortSignal;
}

/** Answers with the exit code. */
export type Run = (asked: Asked, plugin: Plugin) => Promise<number>;

export const formatted = (value: unknown, format: Format): string =>
  format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(JSON.parse(JSON.stringify(value)));
