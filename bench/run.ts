/** Rounds over the systems, one after another within a round, so that a drift of the machine hits all alike. */
import type { Processes } from './harness/processes.ts';
import { checkOpenFiles, measureIdle, type IdleSample } from './measure/idle-connections.ts';
import { measureTurn, type Sample } from './measure/round-trips.ts';
import type { Options } from './options.ts';
import { idleSystems } from './systems/catalog.ts';
import type { System } from './systems/system.ts';

/** The idle part is steady and slow; more rounds would tell nothing new. */
const idleRoundsMax = 3;

export interface Measured {
  readonly samples: readonly Sample[];
  readonly idle: readonly IdleSample[];
}

/** @throws at the first system that fails, naming it: a table with a hole would be read as a result */
export async function runBench(
  options: Options,
  processes: Processes,
  say: (line: string) => void,
): Promise<Measured> {
  checkOpenFiles(options.idle);
  const samples: Sample[] = [];
  await inRounds(options.rounds, options.systems, async (system, round) => {
    for (const sample of await measureTurn(system, round, options, processes)) {
      samples.push(sample);
      say(tripsLine(sample, options.rounds));
    }
  });
  const idle: IdleSample[] = [];
  const held = options.idle === 0 ? [] : idleSystems.filter((system) => options.systems.includes(system));
  await inRounds(Math.min(options.rounds, idleRoundsMax), held, async (system, round) => {
    const sample = await measureIdle(system, { round, connections: options.idle, processes });
    idle.push(sample);
    say(
      `${system.name}: ${sample.kilobytes.toFixed(1)} kB for each of ${String(sample.connections)} connections`,
    );
  });
  return { samples, idle };
}

async function inRounds(
  rounds: number,
  systems: readonly System[],
  measure: (system: System, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const system of systems) {
      try {
        await measure(system, round);
      } catch (error) {
        throw new Error(`${system.name} failed in round ${String(round)}`, { cause: error });
      }
    }
  }
}

function tripsLine(
  { system, round, inFlight, cpu, tripsPerSecond, p50Ms, p99Ms }: Sample,
  rounds: number,
): string {
  return [
    `round ${String(round)}/${String(rounds)}`,
    system.padEnd(16),
    `${String(inFlight).padStart(4)} in flight:`,
    `${cpu.total.toFixed(0).padStart(5)} µs CPU`,
    `${tripsPerSecond.toFixed(0).padStart(6)}/s`,
    `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
  ].join('  ');
}
