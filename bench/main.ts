/**
 * Compares this scheduler's way between instances with what else one could take, side by side on one machine.
 *
 *   harness/   processes, Redis, deadlines, CPU and memory as the kernel counts them
 *   systems/   one folder for each system: how to start an instance, how a client and a worker talk to it
 *   load/      the process that holds clients and workers and makes the round trips
 *   measure/   one turn of round trips; idle connections
 *   report/    samples to tables to `results.md`
 */
import { writeFileSync } from 'node:fs';
import { Processes } from './harness/processes.ts';
import { readOptions, usage, type Options } from './options.ts';
import { describeMachine } from './report/machine.ts';
import { resultsMarkdown } from './report/results.ts';
import { runBench } from './run.ts';
import { baseline } from './systems/catalog.ts';

const argv = process.argv.slice(2);
if (argv.includes('--help')) console.log(usage);
else await main();

async function main(): Promise<void> {
  const processes = new Processes();
  endOnSignals(processes);
  try {
    const options = readOptions(argv);
    // Before the long part, so that a machine without redis-server fails at once.
    const machine = describeMachine();
    const measured = await runBench(options, processes, console.log);
    const markdown = await resultsMarkdown({
      ...options,
      ...measured,
      at: new Date(),
      command: ['node bench/main.ts', ...argv.map(quoted)].join(' '),
      machine,
      baseline: baseline.name,
    });
    report(markdown, options);
  } catch (error) {
    console.error(`bench: ${chain(error).join(': ')}`);
    process.exitCode = 1;
  }
}

function report(markdown: string, { out }: Options): void {
  console.log(`\n${markdown}`);
  if (out === '') return;
  writeFileSync(out, markdown);
  console.log(`written to ${out}`);
}

function endOnSignals(processes: Processes): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      processes.killAll();
      process.exit(130);
    });
  }
}

/** An error's message and those of its causes, outermost first. */
function chain(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : chain(error.cause))];
}

/** As a shell would need it. */
function quoted(word: string): string {
  return /^[\w,./=-]+$/.test(word) ? word : `'${word}'`;
}
