/**
 * Protocol fuzzing.
 *
 *   node test/faults/fuzz.ts [--messages 200000] [--socket-messages 10000] [--seed N]
 *
 * Ends with 1 at a crash, a wrong close code, an own failure in the log, a heap that grows, or a bystander who noticed.
 */
import { parseArgs } from 'node:util';
import { describeViolation } from './checker.ts';
import { Fleet } from './fleet/fleet.ts';
import { fuzzDecoding } from './fuzz/decoding.ts';
import { heapGrowth } from './fuzz/heap.ts';
import { fuzzOverrides, fuzzSockets } from './fuzz/sockets.ts';
import { readOrExit, seedNumber } from './options.ts';
import { seededRandom } from './random.ts';
import { wholeNumber } from '../support/option-values.ts';

const { seed, messages, socketMessages } = readOrExit(() => {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '200000' },
      'socket-messages': { type: 'string', default: '10000' },
      seed: { type: 'string' },
    },
  });
  return {
    seed: seedNumber(values.seed),
    messages: wholeNumber('--messages', values.messages, 1, 100_000_000),
    socketMessages: wholeNumber('--socket-messages', values['socket-messages'], 0, 10_000_000),
  };
});
console.log(`seed ${seed}`);

/** What stays after any number of messages: code that was compiled meanwhile, and nothing of the messages. */
const mostGrowth = 16 * 1024 * 1024;
const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);

function inProcess(): boolean {
  const started = performance.now();
  const random = seededRandom(seed);
  const warmUp = fuzzDecoding(messages / 10, random);
  const rest = { messages: 0, accepted: 0, refused: 0 };
  const growth = heapGrowth(() => {
    Object.assign(rest, fuzzDecoding(messages - warmUp.messages, random));
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `in process: ${warmUp.messages + rest.messages} messages, ${warmUp.accepted + rest.accepted} taken, ` +
      `${warmUp.refused + rest.refused} refused, heap grew by ${megabytes(growth)} MB, ${seconds} s`,
  );
  return growth < mostGrowth;
}

async function overSockets(): Promise<boolean> {
  const fleet = await Fleet.start({ redis: 'single', seed, instances: 1, overrides: fuzzOverrides });
  try {
    const { sent, connections, growth, faults, bystanders } = await fuzzSockets(
      fleet,
      socketMessages,
      seededRandom(seed),
    );
    for (const fault of faults) console.log(`FAULT ${fault}`);
    for (const violation of bystanders.violations) console.log(`BYSTANDER ${describeViolation(violation)}`);
    const { answered, accepted } = bystanders.seen;
    console.log(
      `over sockets: ${sent} messages on ${connections} connections, the process grew by ${megabytes(growth)} MB; ` +
        `bystanders: ${answered} of ${accepted} answered`,
    );
    return faults.length === 0 && bystanders.violations.length === 0;
  } finally {
    await fleet.stop();
  }
}

if (!inProcess()) process.exitCode = 1;
if (socketMessages > 0 && !(await overSockets())) process.exitCode = 1;
