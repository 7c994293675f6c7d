/**
 * Breaks a running fleet in one place at a time and judges what its sessions and nodes saw.
 *
 *   node test/faults/main.ts [--points all|N] [--part K/N] [--redis single|cluster] [--seed N] [--parallel 1..4]
 *                            [--only PATTERN] [--list] [--journal FILE] [--skip-learning] [--needs N]
 *
 * `--points 0` is the learning run alone; a pattern is a regular expression that an id matches as a whole. `--part 2/6` runs
 * the second sixth of the points; under one seed the parts are all of them, each once.
 * `--needs` is how many points must have struck and survived: all of them unless told otherwise. Ends with 1 when any
 * invariant was broken, when fewer survived, or when a step's mark does not occur any more.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeViolation } from './checker.ts';
import { Fleet } from './fleet/fleet.ts';
import { partNumbers, readOrExit, redisKind, seedNumber, type RedisKind } from './options.ts';
import { learn } from './points/learn.ts';
import { instanceNames, pointsOn, sample, type FaultPoint } from './points/plan.ts';
import { emptyTotals, addResult, addError, renderTotals } from './points/report.ts';
import { runPoint, type PointResult } from './points/run-point.ts';
import { seededRandom } from './random.ts';
import { wholeNumber } from '../support/option-values.ts';

const startedAt = performance.now();

function readOptions() {
  const { values } = parseArgs({
    options: {
      points: { type: 'string', default: '24' },
      part: { type: 'string', default: '1/1' },
      redis: { type: 'string', default: 'single' },
      seed: { type: 'string' },
      parallel: { type: 'string', default: '1' },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      journal: { type: 'string' },
      'skip-learning': { type: 'boolean', default: false },
      needs: { type: 'string' },
    },
  });
  const redis = redisKind(values.redis);
  const seed = seedNumber(values.seed);
  const points = choose(values, redis, seed);
  return {
    redis,
    seed,
    points,
    /** The learning run alone. */
    learnsOnly: values.points === '0',
    learns: !values['skip-learning'],
    parallel: wholeNumber('--parallel', values.parallel, 1, 4),
    needed:
      values.needs === undefined ? points.length : wholeNumber('--needs', values.needs, 0, points.length),
    lists: values.list,
    journal: values.journal,
  };
}

interface Choice {
  readonly points: string;
  readonly part: string;
  readonly only?: string;
}

function choose(asked: Choice, redis: RedisKind, seed: number): FaultPoint[] {
  const points = pointsOn(redis);
  const { only } = asked;
  if (only !== undefined) {
    const chosen = points.filter(({ id }) => new RegExp(`^(${only})$`).test(id));
    if (chosen.length === 0) throw new Error(`--only: no fault point is called '${only}'; see --list`);
    return chosen;
  }
  const random = seededRandom(seed);
  const chosen =
    asked.points === 'all'
      ? random.shuffled(points)
      : sample(points, wholeNumber('--points', asked.points, 0, points.length), random);
  const { part, parts } = partNumbers(asked.part);
  return chosen.filter((_, i) => i % parts === part - 1);
}

const { redis, seed, points, learnsOnly, learns, parallel, needed, lists, journal } = readOrExit(readOptions);
const totals = emptyTotals(points.length);

/** Learns first, on a fleet of the same kind, and goes on with that one. Returns how many marks do not occur. */
async function runAll(queue: FaultPoint[], replicated: boolean): Promise<number> {
  const learnt = learns ? await learn({ redis, seed, replicated }) : undefined;
  for (const { number, name } of learnt?.silent ?? [])
    console.log(`step ${number} (${name}): its mark does not occur`);
  const workers = Math.max(1, Math.min(parallel, queue.length));
  await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      work(queue, replicated, worker === 0 ? learnt?.fleet : undefined),
    ),
  );
  return learnt?.silent.length ?? 0;
}

/** Takes points from the common queue until it is empty. A fleet that broke is replaced by a new one. */
async function work(queue: FaultPoint[], replicated: boolean, first: Fleet | undefined): Promise<void> {
  let fleet = first;
  for (;;) {
    const point = queue.shift();
    if (!point) break;
    try {
      fleet ??= await Fleet.start({ redis, seed, replicated });
      const result = await runPoint(fleet, point);
      tell(result, fleet);
      if (result.judgement.violations.length === 0) continue;
    } catch (error) {
      addError(totals, point);
      console.log(
        `ERROR ${point.id} --seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    // What a violation leaves behind must not be counted again at the next point.
    await fleet?.stop();
    fleet = undefined;
  }
  await fleet?.stop();
}

function tell(result: PointResult, fleet: Fleet): void {
  const { point, fired, judgement, tookMs } = result;
  addResult(totals, result);
  const verdict = judgement.violations.length > 0 ? 'BROKEN' : fired ? 'ok' : 'not struck';
  const { accepted, answered, failed, refused, resumed } = judgement.seen;
  const done = `${totals.run}/${totals.planned}`;
  console.log(
    `${done.padStart(9)} ${verdict.padEnd(10)} ${point.id.padEnd(36)} ${point.step.name.padEnd(26)} ` +
      `${accepted} accepted, ${answered} answered, ${failed} failed, ${refused} refused, ${resumed} resumed, ${(tookMs / 1000).toFixed(1)} s`,
  );
  if (judgement.violations.length > 0) {
    console.log(judgement.violations.slice(0, 5).map(describeViolation).join('\n'));
    console.log(`again: node test/faults/main.ts --only ${point.id} --seed ${seed} --redis ${redis}`);
  }
  write(result, fleet);
}

/** One line of JSON a point; with the whole history, and what the instances printed, where anything was out of order. */
function write({ point, fired, judgement, tookMs }: PointResult, fleet: Fleet): void {
  if (journal === undefined) return;
  const odd = judgement.violations.length > 0 || judgement.seen.failed > 0 || !fired;
  const story = odd
    ? { history: fleet.history.events, logs: fleet.instances.map(({ output }) => output.slice(-20_000)) }
    : {};
  const victim = instanceNames[point.victim];
  const line = { point: point.id, victim, seed, redis, fired, tookMs, ...judgement, ...story };
  appendFileSync(journal, `${JSON.stringify(line)}\n`);
}

if (lists) for (const { id, step } of points) console.log(`${id.padEnd(36)} ${step.name}`);
else {
  console.log(`seed ${seed}, Redis ${redis}, ${points.length} fault points`);
  const replicated = points.filter(({ step }) => step.replicated);
  const plain = points.filter(({ step }) => !step.replicated);
  let silent = 0;
  if (plain.length > 0 || learnsOnly) silent += await runAll(plain, false);
  if (replicated.length > 0) silent += await runAll(replicated, true);
  console.log(renderTotals(totals));
  console.log(`seed ${seed}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  const clean = totals.broken + totals.errors + silent === 0 && totals.survived >= needed;
  process.exitCode = clean && (points.length > 0 || learnsOnly) ? 0 : 1;
}
