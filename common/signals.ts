/** Connects SIGTERM and SIGINT to a clean stop; a second signal ends the process at once. */
import type { Logger } from 'pino';
import type { Lifecycle } from './lifecycle.ts';

export const exitCodes = {
  ok: 0,
  unclean: 1,
  /** Refused to start or to go on with this configuration or identity (EX_CONFIG of sysexits.h). */
  config: 78,
} as const;

export function stopOnSignals(lifecycle: Lifecycle, log: Logger): void {
  let asked = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (asked) {
        log.warn({ signal }, 'second signal: ending now');
        process.exit(exitCodes.unclean);
      }
      asked = true;
      lifecycle.stop(signal).then(
        () => process.exit(exitCodes.ok),
        () => process.exit(exitCodes.unclean),
      );
    });
  }
}
