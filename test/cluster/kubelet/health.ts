/** The health of one run of a container: its startup probe, and after that readiness and liveness side by side. */
import type { Clock } from '../../../common/clock.ts';
import type { ContainerSpec } from './container.ts';
import { runProbe, type Check, type ProbeSpec } from './probe.ts';

export interface HealthWatch {
  readonly container: ContainerSpec;
  readonly clock: Clock;
  /** Aborts when the process has ended. */
  readonly signal: AbortSignal;
  readonly check: (probe: ProbeSpec) => Promise<Check>;
  readonly onChange: (health: { started?: boolean; ready: boolean }) => void;
  readonly onFailure: (kind: string, why: string) => void;
  /** The container must be ended, and started again if its policy says so. */
  readonly onDead: (kind: string, probe: ProbeSpec) => void;
}

export async function watchHealth(watch: HealthWatch): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = watch.container;
  if (startupProbe) {
    if (!(await untilStarted(startupProbe, watch))) return;
    watch.onChange({ started: true, ready: !readinessProbe });
  }
  if (readinessProbe) void watchReadiness(readinessProbe, watch);
  if (livenessProbe) void watchLiveness(livenessProbe, watch);
}

/** Unlike the others this probe has two ends: a success, or so many failures that the container is ended. */
async function untilStarted(probe: ProbeSpec, watch: HealthWatch): Promise<boolean> {
  let started = false;
  let failures = 0;
  const enough = new AbortController();
  await runProbe({
    ...watch,
    probe,
    signal: AbortSignal.any([watch.signal, enough.signal]),
    healthyAtFirst: false,
    onFailure: (why) => {
      watch.onFailure('Startup', why);
      if (++failures < (probe.failureThreshold ?? 3)) return;
      enough.abort();
      watch.onDead('startup', probe);
    },
    onVerdict: () => (started = true),
  });
  return started;
}

function watchReadiness(probe: ProbeSpec, watch: HealthWatch): Promise<void> {
  return runProbe({
    ...watch,
    probe,
    healthyAtFirst: false,
    onFailure: (why) => {
      watch.onFailure('Readiness', why);
    },
    onVerdict: (ready) => {
      watch.onChange({ ready });
      return false;
    },
  });
}

function watchLiveness(probe: ProbeSpec, watch: HealthWatch): Promise<void> {
  return runProbe({
    ...watch,
    probe,
    healthyAtFirst: true,
    onFailure: (why) => {
      watch.onFailure('Liveness', why);
    },
    onVerdict: () => {
      watch.onDead('liveness', probe);
      return true;
    },
  });
}
