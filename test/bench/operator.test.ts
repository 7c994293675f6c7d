/** The bench of the operator, with few clusters: it measures what it says, and what does not depend on the machine is as it should be. */
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Processes } from '../../bench/harness/processes.ts';
import { measureOperator } from '../../bench/operator/measure.ts';
import { operatorTable } from '../../bench/operator/report.ts';

const processes = new Processes();
after(() => {
  processes.killAll();
});

it('few clusters are made, left alone, scaled, and found by another operator that writes nothing', async () => {
  const size = { clusters: 3, instances: 2, idleSeconds: 5, quietSeconds: 2, calmSeconds: 2, scales: 3 };
  const figures = await measureOperator(size, processes, () => undefined);
  const { PUT = 0, GET = 0, ...others } = figures.idle;
  assert.ok(PUT >= 1 && PUT <= 5, `the lease was renewed ${String(PUT)} times in 5 s`);
  assert.equal(GET, 0, 'watches last for minutes');
  assert.deepEqual(
    Object.entries(others).filter(([, count]) => count > 0),
    [],
    'nothing else is asked while nothing happens',
  );
  assert.equal(figures.fresh.writes, 0);
  assert.equal(figures.scaleMs.length, 3);
  // With a hundred clusters of ten it is held to 96 MiB; what a busy machine takes longer for is not asked here.
  const { resident, ofFiles } = figures.memory.fresh;
  assert.ok(resident < 88 * 2 ** 20, `${String(resident)} bytes`);
  assert.ok(ofFiles > 20 * 2 ** 20 && ofFiles < resident, `${String(ofFiles)} bytes`);
  assert.match(operatorTable(figures), /3 SchedulerClusters of 2 instances/);
});
