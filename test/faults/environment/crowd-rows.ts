/**
 * A thousand jobs in flight when something dies that held them: all are answered within the owner's time to live and five
 * seconds, although what died does not come back before that.
 */
import type { Fleet } from '../fleet/fleet.ts';
import type { Life } from '../fleet/life.ts';
import { scaled } from '../fleet/settings.ts';
import { comesTrue } from '../wait.ts';
import { faultsOf, type Row } from './row.ts';

const inFlight = 1000;
const sessions = 10;
const nodes = 20;
/** All of them at once, and a few more: where one node looks full the other is not. */
const slots = 60;

/** The nodes have room for all of them at once; one that is lost is done once more. */
const crowd = {
  quiet: true,
  failsNone: true,
  fleet: {
    overrides: {
      scheduler: { max_concurrent_jobs_per_node: slots, job_timeout_seconds: 20 },
      limits: { max_open_jobs_per_session: inFlight },
    },
  },
  plan: {
    sessions: Array.from({ length: sessions }, () => 0),
    nodes: Array.from({ length: nodes }, () => ({ place: 1, slots, workMs: [700, 1500] as const })),
  },
} as const satisfies Partial<Row>;

/** Everything said and accepted, then `kill`; what lasted how long is told. */
async function killAmong(life: Life, kill: (fleet: Fleet) => Promise<void>): Promise<readonly string[]> {
  const { fleet } = life;
  const { clock, history } = fleet;
  const before = count(life, 'submit');
  for (let i = 0; i < inFlight / sessions; i++) for (const session of life.sessions) session.speak();
  const accepted = () => count(life, 'submit') - before;
  await comesTrue(() => accepted() >= inFlight, { clock, withinMs: 10_000, everyMs: 2 });
  const held = life.sessions.reduce((sum, { unanswered }) => sum + unanswered, 0);
  const killedAt = clock.monotonic();
  await kill(fleet);
  await life.answered(60_000);
  const last = history.events.findLast(({ op, phase }) => op === 'answer' && phase === 'ok');
  const tookMs = Math.round((last?.at ?? killedAt) - killedAt);
  const boundMs = scaled.ownerTtlMs + 5000;
  console.log(
    `       ${held} jobs in flight, the last one answered after ${tookMs} ms (bound ${boundMs} ms)`,
  );
  return faultsOf(
    [held >= 0.9 * inFlight, `only ${held} jobs were in flight`],
    [tookMs <= boundMs, `the last answer took ${tookMs} ms`],
  );
}

const count = ({ fleet }: Life, op: 'submit'): number =>
  fleet.history.events.filter((event) => event.op === op && event.phase === 'ok').length;

/** Killed, and started again only when all is over. */
async function killInstance(life: Life, place: number): Promise<readonly string[]> {
  const faults = await killAmong(life, (fleet) => fleet.at(place).kill());
  await life.fleet.at(place).restart();
  return faults;
}

export const crowdRows: readonly Row[] = [
  {
    id: '1000-sessions',
    name: 'the instance of the sessions is killed with 1,000 jobs in flight',
    ...crowd,
    strike: (life) => killInstance(life, 0),
  },
  {
    id: '1000-nodes',
    name: 'the instance of the nodes is killed with 1,000 jobs in flight',
    ...crowd,
    strike: (life) => killInstance(life, 1),
  },
  {
    id: '1000-redis',
    name: 'Redis is killed with 1,000 jobs in flight, and comes back with its data',
    redis: 'single',
    ...crowd,
    fleet: { ...crowd.fleet, aof: true },
    strike: (life) =>
      killAmong(life, async (fleet) => {
        fleet.noteFault('Redis SIGKILL');
        await fleet.server.kill();
        await fleet.clock.sleep(1000);
        await fleet.server.restart({ keepData: true });
      }),
  },
];
