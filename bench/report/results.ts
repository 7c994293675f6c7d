/** The whole of `results.md`. */
import { format } from 'prettier';
import type { IdleSample } from '../measure/idle-connections.ts';
import type { Sample } from '../measure/round-trips.ts';
import { nodeFlags, type System } from '../systems/system.ts';
import { idleTable, partsTable, tripsTable, wordsTable } from './tables.ts';

export interface Results {
  readonly at: Date;
  readonly command: string;
  readonly machine: readonly (readonly [string, string])[];
  readonly systems: readonly System[];
  readonly baseline: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly workers: number;
  readonly samples: readonly Sample[];
  readonly idle: readonly IdleSample[];
}

/** Formatted as the project formats Markdown, so that the file passes its checks as it is. */
export function resultsMarkdown(results: Results): Promise<string> {
  const sections = [
    '# Bench results',
    `Written by \`${results.command}\` on ${results.at.toISOString().slice(0, 10)}; do not edit.`,
    '## How to read them',
    howToRead(results),
    '## Systems',
    wordsTable(
      ['system', 'what it is'],
      results.systems.map(({ name, tells }) => [name, tells]),
    ),
    ...inFlightSections(results),
    ...(results.idle.length > 0 ? ['## Idle connections', idleTable(results.idle)] : []),
    '## Machine',
    wordsTable(['', ''], results.machine),
  ];
  return format(sections.join('\n\n'), { parser: 'markdown', printWidth: 110 });
}

function inFlightSections({ samples, baseline }: Results): string[] {
  return [...Map.groupBy(samples, ({ inFlight }) => inFlight)].flatMap(([inFlight, own]) => [
    `## ${String(inFlight)} in flight`,
    tripsTable(own, baseline),
    'Per round trip, medians:',
    partsTable(own),
  ]);
}

const spreadOver = (rounds: number): string =>
  rounds === 1 ? 'One round was made' : `Figures are min – median – max of ${String(rounds)} rounds`;

function howToRead({ rounds, seconds, workers, baseline }: Results): string {
  return [
    'A round trip: a client on instance A sends 200 bytes, a worker on instance B answers 200 bytes at once, the answer',
    `reaches the client. ${String(workers)} workers; as many clients as trips in flight, each waiting for its answer before it asks`,
    'again. CPU is user and system time of both instances and of Redis, its replica included; the process that holds clients and workers is',
    'not counted, but it shares the machine, so trips a second are a lower bound and CPU per trip is the figure to compare.',
    `${spreadOver(rounds)}, ${String(seconds)} s each; a round measures all systems one after another, each started`,
    `fresh with its own redis-server without persistence and warmed up until the compilers of Node have settled, and ratios to ${baseline} are taken within a round. Only the lingua`,
    'rows with Redis record a job before and after it runs; BullMQ records jobs too; the others may lose what is under way.',
    'Commands at Redis include those inside scripts.',
    `Every instance runs with \`${nodeFlags.join(' ')}\`, as our image does. Socket.IO has the settings of its adapter's documentation`,
    'and one emit each way; this scheduler also chooses a node by capability and load, keeps its slots, orders answers by utterance',
    'and tells the client twice on the way (`ui_event`), so its row does more.',
  ].join(' ');
}
