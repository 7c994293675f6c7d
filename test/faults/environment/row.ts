/** One row of the environment table: what surrounds the scheduler goes wrong for a while, under load. */
import type { Limits } from '../checker.ts';
import type { Injected } from '../fleet/books.ts';
import type { FleetOptions } from '../fleet/fleet.ts';
import type { Life, LifePlan } from '../fleet/life.ts';

export interface Row {
  readonly id: string;
  readonly name: string;
  /** Where it makes sense; both when absent. */
  readonly redis?: 'single' | 'cluster';
  readonly fleet?: Partial<FleetOptions>;
  readonly plan?: Partial<LifePlan>;
  readonly limits?: Partial<Limits>;
  readonly injected?: Injected;
  /** Only the strike lets sessions speak. */
  readonly quiet?: true;
  /** Takes minutes: run when asked for. */
  readonly long?: true;
  /** Nothing in this row is a reason for a job to fail. */
  readonly failsNone?: true;
  /** Breaks and mends; sessions speak until it is done. Returns what was not as it should be, beside the history. */
  readonly strike: (life: Life) => Promise<readonly string[]>;
}

/** What a strike found wrong, of several things it looked at. */
export const faultsOf = (...checks: readonly (readonly [boolean, string])[]): string[] =>
  checks.flatMap(([right, fault]) => (right ? [] : [fault]));

/** The value of a metric without labels, or the sum over its labels. */
export function metricOf(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
