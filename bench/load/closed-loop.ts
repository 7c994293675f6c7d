/** A closed loop: every client asks, waits for its answer, and asks again until the time is over. */
import { within } from '../harness/deadline.ts';
import type { Client } from '../systems/system.ts';
import type { LoopOrder, LoopResult } from './orders.ts';
import { percentile } from './percentile.ts';

/**
 * Rejects when a client fails or when an answer does not come: a lost trip is a fault, not a slow one.
 *
 * @param overtimeMs how long the last answers may take after the time is over
 */
export async function closedLoop(
  clients: readonly Client[],
  { inFlight, forMs }: Omit<LoopOrder, 'do'>,
  overtimeMs = 15_000,
): Promise<LoopResult> {
  if (clients.length < inFlight) throw new Error(`only ${String(clients.length)} clients are connected`);
  const tripsMs: number[] = [];
  const started = performance.now();
  let waiting = inFlight;
  const loops = clients.slice(0, inFlight).map(async (client) => {
    await askUntil(client, started + forMs, tripsMs);
    waiting--;
  });
  await within(Promise.all(loops), forMs + overtimeMs, 'the last answers').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${reason}; ${String(waiting)} of ${String(inFlight)} clients were waiting for an answer`,
    );
  });
  const seconds = (performance.now() - started) / 1000;
  tripsMs.sort((a, b) => a - b);
  return { trips: tripsMs.length, seconds, p50Ms: percentile(tripsMs, 50), p99Ms: percentile(tripsMs, 99) };
}

async function askUntil(client: Client, endMs: number, tripsMs: number[]): Promise<void> {
  let now = performance.now();
  while (now < endMs) {
    await client.ask();
    const answered = performance.now();
    tripsMs.push(answered - now);
    now = answered;
  }
}
