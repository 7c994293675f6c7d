/**
 * The campaign: every story of `stories.ts`, with every fault of `faults.ts`, at every moment that a fault-free telling numbers. However
 * it went, the world ends as in that telling: the same objects, the same status, and each object made and removed as often.
 *
 * `make test` strikes at all moments of a death and at every so-many-th of the others; `POINTS=all` strikes at all of them.
 */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { before, describe, it } from 'node:test';
import { difference } from '../../../operator/decide/difference.ts';
import { stories, type Story } from '../stories.ts';
import { faults, type Fault } from './faults.ts';
import { tell, type Ending, type Told } from './point.ts';

interface Family {
  /** Strikes at one moment of so many. */
  readonly oneIn: number;
  /** So many points at least, or the stories have become too short. */
  readonly pointsMin: number;
}

/** What `make test` must strike at least; together 2,400 and more, which `faults-leaders.test.ts` checks. */
export const families: Readonly<Record<keyof typeof faults, Family>> = {
  deaths: { oneIn: 1, pointsMin: 650 },
  refusedWrites: { oneIn: 7, pointsMin: 420 },
  outages: { oneIn: 5, pointsMin: 130 },
  refusedReads: { oneIn: 4, pointsMin: 330 },
  lines: { oneIn: 4, pointsMin: 500 },
  twins: { oneIn: 4, pointsMin: 160 },
  successions: { oneIn: 5, pointsMin: 260 },
};

const strikesAll = process.env['POINTS'] === 'all';

export function campaign(name: keyof typeof faults): void {
  const { oneIn, pointsMin } = families[name];
  const isStruck = everyNth(strikesAll ? 1 : oneIn);
  let points = 0;
  for (const story of stories) {
    describe(story.name, () => {
      let reference: Told;
      before(async () => {
        reference = await tell(story);
        assert.equal(reference.ending.ready, story.ends ?? 'True FleetReady');
      });
      for (const fault of faults[name]) {
        it(titleOf(fault), async () => {
          const moments = range(reference.counts[fault.at]).filter(isStruck);
          points += moments.length;
          const failures = await failuresOf(story, fault, moments, reference.ending);
          assert.deepEqual(failures, []);
        });
      }
    });
  }
  it(`strikes at ${String(pointsMin)} moments at least`, (test) => {
    test.diagnostic(`${String(points)} points of family ${name}`);
    assert.ok(points >= pointsMin, String(points));
  });
}

const titles = {
  write: 'ends the same when at a write the operator',
  read: 'ends the same when at a read the operator',
  line: 'ends the same when a change',
} as const;

const titleOf = ({ at, name }: Fault): string => `${titles[at]} ${name}`;

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Counts on from story to story, so that it is not the same moment of each. */
function everyNth(n: number): () => boolean {
  let seen = -1;
  return () => (seen += 1) % n === 0;
}

async function failuresOf(
  story: Story,
  fault: Fault,
  moments: readonly number[],
  reference: Ending,
): Promise<string[]> {
  const failures: string[] = [];
  for (const n of moments) {
    const failure = await failureOf(story, fault, n, reference);
    if (failure !== undefined) failures.push(`at ${fault.at} ${String(n)}: ${failure}`);
  }
  return failures;
}

async function failureOf(
  story: Story,
  fault: Fault,
  n: number,
  reference: Ending,
): Promise<string | undefined> {
  try {
    const { ending } = await tell(story, { fault, n });
    if (isDeepStrictEqual(ending, reference)) return undefined;
    const field = difference(ending, reference) ?? difference(reference, ending);
    return `it ends otherwise, in ${String(field)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
