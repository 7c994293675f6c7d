/**
 * The campaign: every story of `stories.ts`, with every fault of `faults.ts`, at every moment that a fault-free telling numbers. However
 * it went, the world ends as in that telling: the same objects, the same status, and each object made and removed as often.
 *
 * `make test` strikes at all moments of a death and at every so-many-th of the others; `POINTS=all` strikes at all of them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { stories } from '../stories.ts';
import { faults, type Fault } from './faults.ts';
import type { Order, Struck } from './striker.ts';

interface Family {
  /** Strikes at one moment of so many. */
  readonly oneIn: number;
  /** So many points at least, or the stories have become too short. */
  readonly pointsMin: number;
}

/** What `make test` must strike at least; together 2,400 and more, which `faults-leaders.test.ts` checks. */
export const families: Readonly<Record<keyof typeof faults, Family>> = {
  deaths: { oneIn: 1, pointsMin: 430 },
  refusedWrites: { oneIn: 5, pointsMin: 380 },
  outages: { oneIn: 3, pointsMin: 140 },
  refusedReads: { oneIn: 2, pointsMin: 480 },
  lines: { oneIn: 4, pointsMin: 510 },
  twins: { oneIn: 5, pointsMin: 210 },
  successions: { oneIn: 3, pointsMin: 280 },
};

const strikesAll = process.env['POINTS'] === 'all';

export function campaign(family: keyof typeof faults): void {
  const { pointsMin } = families[family];
  const oneIn = strikesAll ? 1 : families[family].oneIn;
  let points = 0;
  describe(family, () => {
    let striker: Worker;
    before(() => void (striker = new Worker(new URL('striker.ts', import.meta.url))));
    after(() => striker.terminate());
    for (const story of stories) {
      describe(story.name, () => {
        for (const fault of faults[family]) {
          it(titleOf(fault), async () => {
            const struck = await strike(striker, { story: story.name, family, fault: fault.name, oneIn });
            points += struck.points;
            assert.deepEqual(struck.failures, []);
          });
        }
      });
    }
    it(`strikes at ${String(pointsMin)} moments at least`, (test) => {
      test.diagnostic(`${String(points)} points of family ${family}`);
      assert.ok(points >= pointsMin, String(points));
    });
  });
}

async function strike(striker: Worker, order: Order): Promise<Struck> {
  striker.postMessage(order);
  const [struck] = (await once(striker, 'message')) as [Struck];
  return struck;
}

const titles = {
  write: 'ends the same when at a write the operator',
  read: 'ends the same when at a read the operator',
  line: 'ends the same when a change',
} as const;

const titleOf = ({ at, name }: Fault): string => `${titles[at]} ${name}`;
