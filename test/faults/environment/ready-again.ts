/** How most rows end: every instance serves again. */
import type { Life } from '../fleet/life.ts';
import { comesTrue } from '../wait.ts';
import { faultsOf } from './row.ts';

export const readyAgain = async (life: Life): Promise<string[]> =>
  faultsOf([await allReady(life), 'not every instance is ready again']);

function allReady({ fleet: { instances, clock } }: Life): Promise<boolean> {
  const ready = async () =>
    (await Promise.all(instances.map((one) => one.status('/readyz')))).every((status) => status === 200);
  return comesTrue(ready, { clock, withinMs: 15_000, everyMs: 100 });
}
