/** The list of single faults: every step, every moment of it, every instance and every kind. Generated, not picked. */
import type { SeededRandom } from '../random.ts';
import { steps, type Step } from './steps.ts';

export const moments = ['before', 'executed-not-answered', 'after'] as const;
export type Moment = (typeof moments)[number];

export const kinds = ['kill', 'freeze', 'reset', 'delay', 'error'] as const;
export type Kind = (typeof kinds)[number];

export interface FaultPoint {
  /** `17-executed-not-answered-B-kill`: enough to run it again. */
  readonly id: string;
  readonly step: Step;
  readonly moment: Moment;
  /** The place of the instance that is struck when the step is at that moment. */
  readonly victim: 0 | 1 | 2;
  readonly kind: Kind;
}

export const instanceNames = ['A', 'B', 'C'] as const;

export function allPoints(): FaultPoint[] {
  return steps.flatMap((step) =>
    moments.flatMap((moment) =>
      ([0, 1, 2] as const).flatMap((victim) =>
        kinds.map((kind): FaultPoint => {
          const id = `${step.number}-${moment}-${instanceNames[victim]}-${kind}`;
          return { id, step, moment, victim, kind };
        }),
      ),
    ),
  );
}

/** The test cluster has no replicas to wait for. */
export const pointsOn = (redis: 'single' | 'cluster'): FaultPoint[] =>
  allPoints().filter(({ step }) => redis === 'single' || !step.replicated);

/** A sample of that size in a drawn order, spread over steps before any step comes twice. */
export function sample(points: readonly FaultPoint[], size: number, random: SeededRandom): FaultPoint[] {
  const byStep = new Map<number, FaultPoint[]>();
  for (const point of random.shuffled(points)) {
    const same = byStep.get(point.step.number) ?? [];
    byStep.set(point.step.number, [...same, point]);
  }
  const chosen: FaultPoint[] = [];
  for (let round = 0; chosen.length < Math.min(size, points.length); round++) {
    for (const same of byStep.values()) {
      const point = same[round];
      if (point && chosen.length < size) chosen.push(point);
    }
  }
  return chosen;
}
