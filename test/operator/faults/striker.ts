/**
 * A thread that strikes stories with faults. It is one of its own because the test runner follows every promise of its thread,
 * and a story makes tens of thousands.
 */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { difference } from '../../../operator/decide/difference.ts';
import { stories, type Story } from '../stories.ts';
import { faults, type Fault } from './faults.ts';
import { tell, type Ending, type Told } from './point.ts';

/** One fault of a story, at one moment of so many. */
export interface Order {
  readonly story: string;
  readonly family: keyof typeof faults;
  readonly fault: string;
  readonly oneIn: number;
}

export interface Struck {
  readonly points: number;
  readonly failures: readonly string[];
}

let told: { readonly story: Story; readonly reference: Told } | undefined;
let seen = 0;

/** Messages are answered in their order, one at a time. */
parentPort!.on('message', (order: Order) => {
  void strike(order).then(
    (struck) => {
      parentPort!.postMessage(struck);
    },
    (error: unknown) => {
      parentPort!.postMessage({ points: 0, failures: [messageOf(error)] } satisfies Struck);
    },
  );
});

async function strike(order: Order): Promise<Struck> {
  const story = stories.find(({ name }) => name === order.story)!;
  const fault = faults[order.family].find(({ name }) => name === order.fault)!;
  const { ending, counts } = await referenceOf(story);
  // It counts on from story to story, so that it is not the same moment of each.
  const moments = range(counts[fault.at]).filter(() => seen++ % order.oneIn === 0);
  const failures: string[] = [];
  for (const n of moments) {
    const failure = await failureOf(story, fault, n, ending);
    if (failure !== undefined) failures.push(`at ${fault.at} ${String(n)}: ${failure}`);
  }
  return { points: moments.length, failures };
}

/** The story without a fault. */
async function referenceOf(story: Story): Promise<Told> {
  if (told?.story === story) return told.reference;
  const reference = await tell(story);
  assert.equal(reference.ending.ready, story.ends ?? 'True FleetReady');
  told = { story, reference };
  return reference;
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
    return messageOf(error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
