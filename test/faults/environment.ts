/**
 * What surrounds the scheduler goes wrong, one row at a time, under load.
 *
 *   node test/faults/environment.ts [--rows all|ID,ID] [--redis single|cluster] [--seed N] [--long] [--list] [--journal FILE]
 *
 * `--long` adds the rows that take minutes. Ends with 1 when any row was not survived.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeViolation, type Judgement } from './checker.ts';
import { groupBy } from './checks/ledger.ts';
import { clusterRows } from './environment/cluster-rows.ts';
import { crowdRows } from './environment/crowd-rows.ts';
import { instanceRows } from './environment/instance-rows.ts';
import { machineRows } from './environment/machine-rows.ts';
import { notHere, peerRows } from './environment/peer-rows.ts';
import { redisRows } from './environment/redis-rows.ts';
import type { Row } from './environment/row.ts';
import { shippedRows } from './environment/shipped-rows.ts';
import { Fleet } from './fleet/fleet.ts';
import { Life, oneLife } from './fleet/life.ts';
import { scaledLimits } from './fleet/settings.ts';
import { readOrExit, redisKind, seedNumber } from './options.ts';

const { asked, seed, redis } = readOrExit(() => {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: 'all' },
      redis: { type: 'string', default: 'single' },
      seed: { type: 'string' },
      long: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      journal: { type: 'string' },
    },
  });
  return { asked: values, seed: seedNumber(values.seed), redis: redisKind(values.redis) };
});
const allRows = [
  ...redisRows,
  ...clusterRows,
  ...instanceRows,
  ...machineRows,
  ...peerRows,
  ...crowdRows,
  ...shippedRows,
];
const startedAt = performance.now();

function choose(): Row[] {
  const here = allRows.filter((row) => row.redis === undefined || row.redis === redis);
  if (asked.rows !== 'all') {
    const ids = asked.rows.split(',');
    const unknown = ids.filter((id) => !allRows.some((row) => row.id === id));
    if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`);
    return here.filter(({ id }) => ids.includes(id));
  }
  for (const [id, why] of notHere) console.log(`row ${id} is not run: ${why}`);
  return here.filter(({ long }) => !long || asked.long);
}

/** Sessions speak until the strike is over, and once more after it. */
async function loadWhile<T>(life: Life, strike: Promise<T>, quiet = false): Promise<T> {
  if (quiet) return strike;
  let over = false;
  const ended = strike.finally(() => {
    over = true;
  });
  ended.catch(() => undefined);
  while (!over) await life.load();
  await life.load();
  return ended;
}

/** The codes of failed jobs, with how often each came. */
function whyFailed({ fleet }: Life): string {
  const failures = fleet.history.events.filter(({ op, outcome }) => op === 'answer' && outcome === 'failure');
  const byCode = groupBy(failures, ({ detail }) => detail ?? 'no code');
  return [...byCode].map(([code, events]) => `${code} ${events.length}`).join(', ');
}

async function survives(row: Row): Promise<boolean> {
  const fleet = await Fleet.start({ redis, seed, ...row.fleet });
  const started = performance.now();
  let life: Life | undefined;
  try {
    const plan = { ...oneLife, nodes: [{ place: 1, slots: 4 }], ...row.plan, name: row.id };
    life = await Life.begin(fleet, plan);
    const struck = await loadWhile(life, row.strike(life), row.quiet);
    const judgement = await life.judge({ ...scaledLimits, ...row.limits }, row.injected);
    const failed = whyFailed(life);
    const faults = row.failsNone && failed !== '' ? [...struck, `jobs failed: ${failed}`] : struck;
    const { accepted, answered, refused, resumed } = judgement.seen;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const survived = faults.length === 0 && judgement.violations.length === 0;
    console.log(
      `${survived ? 'ok    ' : 'BROKEN'} ${row.id.padEnd(20)} ${row.name}: ${accepted} accepted, ${answered} answered, ` +
        `${failed || 'none'} failed, ${refused} refused, ${resumed} resumed, ${seconds} s`,
    );
    if (!survived) tell(row, faults, judgement, fleet);
    return survived;
  } finally {
    await life?.end();
    await fleet.stop();
  }
}

/** What was wrong, and the whole history for whoever looks for the cause. */
function tell({ id }: Row, faults: readonly string[], { violations, counts }: Judgement, fleet: Fleet): void {
  for (const fault of faults) console.log(`  ${fault}`);
  console.log(
    `  ${Object.entries(counts)
      .map(([verdict, count]) => `${verdict} ${count}`)
      .join(', ')}`,
  );
  for (const starved of starvedOf(fleet)) console.log(`  ${starved}`);
  for (const violation of violations.slice(0, 5)) console.log(`  ${describeViolation(violation)}`);
  if (violations.length > 5) console.log(`  and ${violations.length - 5} more`);
  if (asked.journal === undefined) return;
  const logs = fleet.instances.map(({ output }) => output.slice(-100_000));
  const story = { row: id, seed, redis, faults, violations, history: fleet.history.events, logs };
  appendFileSync(asked.journal, `${JSON.stringify(story)}\n`);
}

/**
 * With times of seconds a machine that stands still for one is a fault of its own, and it is none of the row's. It is
 * named, because it may be the cause; it excuses nothing.
 */
function starvedOf({ instances, history }: Fleet): string[] {
  const broken = history.events.filter(({ op }) => op === 'fault').length;
  const late = instances.filter(({ output }) => /lease lost/.test(output)).map(({ id }) => id);
  return broken === 0 && late.length > 0
    ? [
        `the machine is too busy for these times: ${late.join(' and ')} lost the lease though nobody touched it`,
      ]
    : [];
}

async function runRows(rows: readonly Row[]): Promise<void> {
  const broken: string[] = [];
  for (const row of rows) {
    const survived = await survives(row).catch((error: unknown) => {
      console.log(
        `BROKEN ${row.id.padEnd(20)} ${row.name}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    });
    if (!survived) broken.push(row.id);
  }
  console.log(
    `${rows.length - broken.length} of ${rows.length} environment rows survived${broken.length > 0 ? `; not ${broken.join(', ')}` : ''}`,
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`seed ${seed}, Redis ${redis}, ${seconds} s`);
  process.exitCode = broken.length === 0 && rows.length > 0 ? 0 : 1;
}

if (asked.list)
  for (const { id, name, long } of allRows) console.log(`${id.padEnd(20)} ${name}${long ? ' (long)' : ''}`);
else await runRows(readOrExit(choose));
