/**
 * Do the suites bite? Plants one bug at a time into a copy of the sources and runs the part of a suite that must catch it.
 *
 *   node test/faults/planted.ts [--of scheduler|operator] [--only TEXT] [--list]
 *
 * Ends with 1 when a bug was not caught, or could not be planted.
 */
import { parseArgs } from 'node:util';
import { operatorBugs } from './planted/operator.ts';
import { find, type PlantedBug } from './planted/plant.ts';
import { schedulerBugs } from './planted/scheduler.ts';

const { values: asked } = parseArgs({
  options: {
    of: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
  },
});

const programs: Readonly<Record<string, readonly PlantedBug[]>> = {
  scheduler: schedulerBugs,
  operator: operatorBugs,
};

const bugs = Object.entries(programs)
  .filter(([program]) => program.includes(asked.of))
  .flatMap(([, list]) => list)
  .filter(({ name }) => name.includes(asked.only));

const catcherOf = ({ caughtBy }: PlantedBug): string =>
  caughtBy.filter((argument) => !/^--test(-reporter.*)?$/.test(argument)).join(' ');

if (asked.list) for (const bug of bugs) console.log(`${bug.name}: ${catcherOf(bug)}`);
else {
  let caught = 0;
  for (const bug of bugs) {
    const startedAt = performance.now();
    const { finding, output } = find(bug);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    if (finding === 'caught') caught += 1;
    console.log(`${finding.padEnd(18)} ${seconds.padStart(4)} s   ${bug.name}: ${catcherOf(bug)}`);
    if (finding !== 'caught') console.log(output.slice(-3000));
  }
  console.log(`${caught} of ${bugs.length} planted bugs were caught`);
  process.exitCode = caught > 0 && caught === bugs.length ? 0 : 1;
}
