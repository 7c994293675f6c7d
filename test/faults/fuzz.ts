/**
 * Protocol fuzzing.
 *
 *   node test/faults/fuzz.ts [--messages 200000] [--socket-messages 10000] [--seed N]
 *
 * Ends with 1 at a crash, a wrong close code, an own failure in the log, or a bystander who noticed.
 */
import { parseArgs } from 'node:util';
import { describeViolation } from './checker.ts';
import { Fleet } from './fleet/fleet.ts';
import { fuzzDecoding, fuzzHints } from './fuzz/decoding.ts';
import { fuzzOverrides, fuzzSockets } from './fuzz/sockets.ts';
import { seededRandom } from './random.ts';

const { values: asked } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    'socket-messages': { type: 'string', default: '10000' },
    seed: { type: 'string' },
  },
});
const seed = Number(asked.seed ?? Math.floor(performance.timeOrigin) % 1_000_000);
console.log(`seed ${seed}`);

function inProcess(): void {
  const started = performance.now();
  const counts = fuzzDecoding(Number(asked.messages), seededRandom(seed));
  fuzzHints(Number(asked.messages) / 10, seededRandom(seed));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `in process: ${counts.messages} messages, ${counts.accepted} taken, ${counts.refused} refused, ${seconds} s`,
  );
}

async function overSockets(): Promise<boolean> {
  const fleet = await Fleet.start({ redis: 'single', seed, instances: 1, overrides: fuzzOverrides });
  try {
    const { sent, connections, faults, bystanders } = await fuzzSockets(
      fleet,
      Number(asked['socket-messages']),
      seededRandom(seed),
    );
    for (const fault of faults) console.log(`FAULT ${fault}`);
    for (const violation of bystanders.violations) console.log(`BYSTANDER ${describeViolation(violation)}`);
    const { answered, accepted } = bystanders.seen;
    console.log(
      `over sockets: ${sent} messages on ${connections} connections; bystanders: ${answered} of ${accepted} answered`,
    );
    return faults.length === 0 && bystanders.violations.length === 0;
  } finally {
    await fleet.stop();
  }
}

inProcess();
if (Number(asked['socket-messages']) > 0 && !(await overSockets())) process.exitCode = 1;
