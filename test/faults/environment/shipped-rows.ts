/** With the times that are shipped, nothing scaled: the two promises that depend on them most. */
import { createKeys } from '../../../scheduler/store/redis/keys.ts';
import type { Limits } from '../checker.ts';
import type { Life } from '../fleet/life.ts';
import { comesTrue } from '../wait.ts';
import { faultsOf, type Row } from './row.ts';

/** The guide's defaults. */
const shipped = { ownerTtlMs: 45_000, dlqMinIdleMs: 60_000, dlqMaxDeliveries: 10 } as const;

const limits: Partial<Limits> = {
  holdMs: 10_000,
  jobTimeoutMs: 30_000,
  // Four attempts of thirty seconds, and a node that is looked for.
  boundMs: 180_000,
};

const slowly = {
  long: true,
  fleet: { shipped: true },
  limits,
} as const satisfies Partial<Row>;

export const shippedRows: readonly Row[] = [
  {
    id: 'shipped-zombie',
    name: 'at the shipped times the instance of a node is frozen twice its time to live, and thawed',
    ...slowly,
    plan: {
      nodes: [
        { place: 1, slots: 4 },
        { place: 2, slots: 4 },
      ],
      utterances: 5,
      everyMs: 1000,
    },
    async strike(life) {
      const zombie = life.fleet.at(1);
      await zombie.freeze(2 * shipped.ownerTtlMs);
      await zombie.heal();
      const { lease } = (await zombie.report()) ?? {};
      return faultsOf([lease?.held === true, 'it has no lease again']);
    },
  },
  {
    id: 'shipped-dlq',
    name: 'at the shipped times an entry that is delivered again and again becomes a dead letter',
    ...slowly,
    injected: { 'fault-1': 1 },
    plan: { utterances: 5, everyMs: 1000 },
    strike: (life) => poison(life, 'fault-1'),
  },
];

/** Takes an entry away from its reader before it is seen, as a consumer does that dies at it each time. */
const stealEntry = `
local id = redis.call('XADD', KEYS[1], '*', 'payload', '[{"type":"capacity","node_id":"n","from":"i"}]')
redis.call('XREADGROUP', 'GROUP', 'scheduler', 'ghost', 'COUNT', 1000, 'STREAMS', KEYS[1], '>')
return id
`;

async function poison(life: Life, instanceId: string): Promise<string[]> {
  const { direct, clock, keyPrefix } = life.fleet;
  const keys = createKeys(keyPrefix);
  const inbox = keys.inbox(instanceId);
  const id = String(await direct.eval(stealEntry, 1, inbox));
  const stolenAt = clock.monotonic();
  const deliveries = String(shipped.dlqMaxDeliveries);
  while (clock.monotonic() - stolenAt < shipped.dlqMinIdleMs) {
    await direct.call('XCLAIM', inbox, 'scheduler', 'ghost', '0', id, 'RETRYCOUNT', deliveries);
    await clock.sleep(1000);
  }
  const early = await direct.xlen(keys.deadLetters(instanceId));
  const dead = async () => (await direct.xlen(keys.deadLetters(instanceId))) === 1;
  const moved = await comesTrue(dead, { clock, withinMs: 20_000, everyMs: 100 });
  const seconds = ((clock.monotonic() - stolenAt) / 1000).toFixed(1);
  console.log(`       a dead letter ${seconds} s after it was sent`);
  await direct.call('XGROUP', 'DELCONSUMER', inbox, 'scheduler', 'ghost');
  return faultsOf(
    [early === 0, 'it became a dead letter before its time'],
    [moved, 'it never became a dead letter'],
  );
}
