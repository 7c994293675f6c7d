/** A reporter for node:test that writes how many tests passed, failed and were skipped, as JSON. */
import type { TestEvent } from 'node:test/reporters';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * A suite (`describe`) is not a test of its own, unless it was left out as a whole: then its tests are not told of, and it counts as
 * one skipped. One that fails in its own hooks shows in the runner's exit code.
 */
const isTest = (event: TestEvent): boolean =>
  (event.type === 'test:pass' || event.type === 'test:fail') &&
  (event.data.details.type !== 'suite' || event.data.skip !== undefined);

export default async function* countReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for await (const event of source) {
    if (!isTest(event)) continue;
    if (event.type === 'test:fail') failed++;
    else if (event.type === 'test:pass' && (event.data.skip !== undefined || event.data.todo !== undefined))
      skipped++;
    else passed++;
  }
  yield JSON.stringify({ passed, failed, skipped } satisfies Counts);
}
