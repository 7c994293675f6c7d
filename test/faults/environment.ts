/**
 * What surrounds the scheduler goes wrong, one row at a time, under load.
 *
 *   node test/faults/environment.ts [--rows all|ID,ID] [--redis single|cluster] [--seed N] [--list]
 *
 * Ends with 1 when any row was not survived.
 */
import { parseArgs } from 'node:util';
import { describeViolation } from './checker.ts';
import { groupBy } from './checks/ledger.ts';
import { instanceRows } from './environment/instance-rows.ts';
import { notHere, peerRows } from './environment/peer-rows.ts';
import { redisRows } from './environment/redis-rows.ts';
import type { Row } from './environment/row.ts';
import { Fleet } from './fleet/fleet.ts';
import { Life, oneLife } from './fleet/life.ts';
import { scaledLimits } from './fleet/settings.ts';

const { values: asked } = parseArgs({
  options: {
    rows: { type: 'string', default: 'all' },
    redis: { type: 'string', default: 'single' },
    seed: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
const seed = Number(asked.seed ?? Math.floor(performance.timeOrigin) % 1_000_000);
const redis = asked.redis === 'cluster' ? 'cluster' : 'single';
const allRows = [...redisRows, ...instanceRows, ...peerRows];

function choose(): Row[] {
  const here = allRows.filter((row) => row.redis === undefined || row.redis === redis);
  if (asked.rows !== 'all') return here.filter(({ id }) => asked.rows.split(',').includes(id));
  for (const [id, why] of notHere) console.log(`row ${id} is not run: ${why}`);
  return here;
}

/** Sessions speak until the strike is over, and once more after it. */
async function loadWhile<T>(life: Life, strike: Promise<T>): Promise<T> {
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
  const life = await Life.begin(fleet, {
    ...oneLife,
    nodes: [{ place: 1, slots: 4 }],
    ...row.plan,
    name: row.id,
  });
  const started = performance.now();
  try {
    const struck = await loadWhile(life, row.strike(life));
    const { violations, seen } = await life.judge({ ...scaledLimits, ...row.limits }, row.injected);
    const failed = whyFailed(life);
    const faults = row.failsNone && failed !== '' ? [...struck, `jobs failed: ${failed}`] : struck;
    const survived = faults.length === 0 && violations.length === 0;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${survived ? 'ok    ' : 'BROKEN'} ${row.id.padEnd(20)} ${row.name}: ${seen.accepted} accepted, ${seen.answered} answered, ${seen.failed} failed${failed && ` (${failed})`}, ${seen.refused} refused, ${seconds} s`,
    );
    for (const fault of faults) console.log(`  ${fault}`);
    for (const violation of violations.slice(0, 5)) console.log(`  ${describeViolation(violation)}`);
    if (violations.length > 5) console.log(`  and ${violations.length - 5} more`);
    return survived;
  } finally {
    await life.end();
    await fleet.stop();
  }
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
  console.log(`seed ${seed}, Redis ${redis}`);
  process.exitCode = broken.length === 0 && rows.length > 0 ? 0 : 1;
}

if (asked.list) for (const { id, name } of allRows) console.log(`${id.padEnd(20)} ${name}`);
else await runRows(choose());
