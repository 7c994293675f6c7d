/** Waits for a condition instead of for a time. */

/**
 * What takes milliseconds here takes seconds on a slow machine with other work, and a test that passes never waits so long. Less than
 * the time-out of a job at a node, which would find in the end what a test says is found at once.
 */
export const patienceMs = 20_000;

/**
 * Calls `look` until it returns something other than undefined or false, and returns that.
 *
 * @param what names the condition in the error that is thrown after `withinMs`
 */
export async function eventually<Found>(
  what: string,
  look: () => Found | Promise<Found>,
  withinMs = patienceMs,
): Promise<Exclude<Found, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<Found, undefined | false>;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${String(withinMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
