/** An operator that loses the lead in the middle of a look ends the look, and does nothing more. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { callsMax } from '../../operator/kube/connections.ts';
import { configMaps, leases } from '../../operator/kube/resources.ts';
import { refusal } from './faults/api-server.ts';
import { lease } from './faults/program.ts';
import { isTelling } from './faults/proxy.ts';
import { FaultyWorld } from './faults/world.ts';
import { sampleCluster } from './sample.ts';

let world: FaultyWorld;
beforeEach(async () => {
  world = new FaultyWorld({ hasElection: true });
  world.start();
  world.put(sampleCluster({ replicas: 3 }));
  await world.converge();
});
afterEach(() => {
  world.stop();
});

/** Longer than it may lead without renewing its lease, and not so long that the request is given up. */
const slowMs = 12_000;

/**
 * Its lease cannot be renewed, and what it asked for comes when its time is over.
 *
 * @param late the kind that does: the token, without which no pod is made or taken, or the pods as they are, without
 *             which none is told to drain
 */
async function losesTheLead(whileDoing: () => void, late: 'Secret' | 'Pod' = 'Secret'): Promise<void> {
  world.proxy.arm({
    onRequest: ({ kind }) =>
      kind === leases.kind ? Promise.resolve(refusal(503, 'ServiceUnavailable')) : undefined,
    onAnswer: ({ kind }, answer) =>
      kind === late ? world.clock.sleep(slowMs).then(() => answer) : undefined,
  });
  whileDoing();
  for (let waitedMs = 0; waitedMs < slowMs + 2_000; waitedMs += 1_000) {
    await world.look();
    await world.clock.advance(1_000);
  }
  assert.ok(world.proxy.log.some(({ kind }) => kind === late));
}

it('what it was about to write is not written', async () => {
  await losesTheLead(() => {
    world.edit((spec) => (spec.replicas = 4));
  });
  const written = world.proxy.log.filter(
    (one) =>
      one.write > 0 && one.status !== undefined && (!isTelling(one) || one.info.subresource === 'status'),
  );
  assert.deepEqual(
    written.map(({ kind }) => kind),
    [configMaps.kind],
    'that was sent while it led, beside the question for the token',
  );
});

it('whom it was about to tell to drain is not told', async () => {
  await losesTheLead(() => {
    world.edit((spec) => (spec.replicas = 2));
  }, 'Pod');
  assert.deepEqual(world.told, []);
});

it('one that is told to stop hands over in seconds, whoever does not answer it', async () => {
  const [first] = world.programs;
  const second = world.start();
  await world.look();
  world.proxy.arm({
    onRequest: ({ program, kind }, signal) =>
      program === first && kind !== leases.kind
        ? new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('hung up'));
            });
          })
        : undefined,
  });
  world.edit((spec) => (spec.replicas = 4));
  await world.look();
  void first!.terminate();
  for (let ms = 0; ms < 10_000 && world.leader !== second.name; ms += 500) await world.clock.advance(500);
  assert.equal(world.leader, second.name);
  await world.converge();
  assert.equal(world.says('Ready'), 'True FleetReady');
  const late = world.proxy.log.filter(
    ({ program, write, status }) => program === first && write > 0 && status !== undefined,
  );
  assert.deepEqual(late, [], 'it writes nothing more');
});

it('the one that is started next does it', async () => {
  await losesTheLead(() => {
    world.edit((spec) => (spec.replicas = 2));
  });
  world.proxy.arm();
  await world.converge();
  assert.deepEqual(world.told, ['demo-2 30']);
  assert.equal(world.says('Ready'), 'True FleetReady');
});

it('it is kept while more requests hang than are sent at a time', async () => {
  const [leader] = world.programs;
  world.proxy.arm({
    onRequest: ({ kind, read, write }, signal) =>
      kind === leases.kind || read + write === 0
        ? undefined
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('hung up'));
            });
          }),
  });
  for (let n = 0; n < 2 * callsMax; n += 1) {
    const namespace = `fleet-${String(n)}`;
    world.put(sampleCluster({}, { namespace, uid: `uid-${namespace}` }));
  }
  for (let second = 0; second < 14; second += 1) {
    await world.look();
    await world.clock.advance(1_000);
  }
  assert.equal(world.leader, leader!.name);
  const renewedAt = Date.parse(world.kube.peek(leases, lease)!.spec!.renewTime!);
  assert.ok(world.clock.now() - renewedAt < 4_000, 'its last renewal is seconds ago');
  const hanging = world.proxy.log.filter(({ kind, status }) => kind !== leases.kind && status === undefined);
  assert.equal(hanging.length, callsMax, 'the others wait');
});
