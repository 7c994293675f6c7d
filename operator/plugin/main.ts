#!/usr/bin/env node
/** `kubectl lingua`: reads the command line and the terminal, runs one command, and ends with its exit code. */
import { systemClock } from '../../common/clock-system.ts';
import { toAppError } from '../../common/errors.ts';
import { exitCodes } from '../../common/signals.ts';
import { version } from '../../common/version.ts';
import { readArguments } from './arguments.ts';
import { createKubectl } from './kubectl.ts';
import { run } from './run.ts';
import { styleFor } from './text/style.ts';

const usualWidth = 120;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // The second one does not wait for kubectl.
    if (interrupted.signal.aborted) process.exit(exitCodes.unclean);
    interrupted.abort();
  });

// Who reads us may have seen enough: `kubectl lingua logs | head`.
process.stdout.on('error', () => process.exit(exitCodes.ok));

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  if (asked.kind !== 'command') {
    process.stdout.write(asked.kind === 'help' ? asked.text : `${version}\n`);
    return exitCodes.ok;
  }
  const { NO_COLOR: noColor, TERM: term, KUBECTL: program = 'kubectl' } = process.env;
  return run(asked, {
    kubectl: createKubectl({ program, connection: asked.connection }),
    clock: systemClock,
    style: styleFor({ isTerminal: process.stdout.isTTY, noColor, term }),
    width: process.stdout.isTTY ? process.stdout.columns : usualWidth,
    out: (text) => process.stdout.write(text),
    note: (text) => process.stderr.write(text),
    signal: interrupted.signal,
  });
}

try {
  // Not by exit: a pipe takes its time to take everything.
  process.exitCode = await main();
} catch (error) {
  const { code, message } = toAppError(error);
  process.stderr.write(`kubectl lingua: ${message}\n`);
  process.exitCode = code === 'config' ? exitCodes.config : exitCodes.unclean;
}
