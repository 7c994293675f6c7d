/** Probes: when to check, and how many answers in a row change the verdict. */
import type { Clock } from '../../../common/clock.ts';
import type { Pod } from '../../../operator/kube/resources.ts';

export type ProbeSpec = NonNullable<NonNullable<Pod['spec']>['containers'][number]['livenessProbe']>;

export type Check = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface Verdict {
  readonly healthy: boolean;
  /** Equal answers in a row. */
  readonly row: number;
  readonly last: boolean | undefined;
}

/** Adds one answer. The verdict turns only after as many equal answers in a row as its threshold says. */
export function judge(verdict: Verdict, ok: boolean, probe: ProbeSpec): Verdict {
  const row = verdict.last === ok ? verdict.row + 1 : 1;
  const threshold = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { healthy: row >= threshold ? ok : verdict.healthy, row, last: ok };
}

export interface ProbeRun {
  readonly probe: ProbeSpec;
  /** What is believed before the first answers: a container is alive but not ready. */
  readonly healthyAtFirst: boolean;
  readonly check: (probe: ProbeSpec) => Promise<Check>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told each failed check, whether or not it changes the verdict. */
  readonly onFailure: (why: string) => void;
  /** Told each change of the verdict. Returning true ends the probe. */
  readonly onVerdict: (healthy: boolean) => boolean;
}

/** Checks until the signal aborts or the verdict says it is enough. */
export async function runProbe(run: ProbeRun): Promise<void> {
  const { probe, clock, signal } = run;
  let verdict: Verdict = { healthy: run.healthyAtFirst, row: 0, last: undefined };
  await clock.sleep((probe.initialDelaySeconds ?? 0) * 1000, signal);
  while (!signal.aborted) {
    const check = await run.check(probe);
    // A check that was under way when the container ended says nothing about it.
    if (isAborted(signal)) return;
    const before = verdict.healthy;
    verdict = judge(verdict, check.ok, probe);
    if (!check.ok) run.onFailure(check.why);
    if (verdict.healthy !== before && run.onVerdict(verdict.healthy)) return;
    await clock.sleep((probe.periodSeconds ?? 10) * 1000, signal);
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;
