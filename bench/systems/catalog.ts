/** Every system there is to measure, in the order of the tables. */
import { bullmq } from './bullmq/system.ts';
import { bareRelay } from './bare-relay/system.ts';
import { lingua, linguaLocal, linguaMemory, linguaReplicated } from './lingua/systems.ts';
import { naiveInbox } from './naive-inbox/system.ts';
import { socketioStreams } from './socketio-streams/system.ts';
import type { System } from './system.ts';

export const systems: readonly System[] = [
  lingua,
  socketioStreams,
  bullmq,
  naiveInbox,
  linguaReplicated,
  linguaLocal,
  linguaMemory,
  bareRelay,
];

/** What the others are compared with. */
export const baseline = socketioStreams;

/** The systems that hold idle connections long enough to be compared in memory. */
export const idleSystems: readonly System[] = [lingua, socketioStreams];

export function systemNamed(name: string): System {
  const found = systems.find((system) => system.name === name);
  if (!found)
    throw new Error(`there is no system '${name}'; there are: ${systems.map((s) => s.name).join(', ')}`);
  return found;
}
