/**
 * The operator dies, or its connection fails, around each of its writes of each story. Whatever happened, the world ends as it does
 * without: the same objects, the same status, and not one pod more that was made on the way.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { stories, type Story } from './stories.ts';
import { World } from './world.ts';

interface Fault {
  readonly name: string;
  /** Plants it at the n-th write. */
  readonly plant: (world: World, n: number) => void;
  /** Whether the operator is gone then, and another one comes. */
  readonly isDeath?: boolean;
}

const refused = (code: 'conflict' | 'unavailable' | 'timeout', status: number) =>
  new AppError(code, `answered ${String(status)}`, { facts: { status } });

/** Runs once, after the n-th write. */
const afterWrite = (run: (world: World) => void) => (world: World, n: number) => {
  let done = false;
  world.kube.after = ({ write }) => {
    if (write !== n || done) return;
    done = true;
    run(world);
  };
};

/** From the n-th write on, the caches hear nothing of a kind until the operator has made three more writes. */
const late = (kind: string): Fault => ({
  name: `hears of no ${kind} for a while`,
  plant: (world, n) => {
    world.kube.before = ({ write }) => {
      if (write === n) world.frozen.add(kind);
      if (write > n + 3) world.frozen.clear();
    };
  },
});

const faults: readonly Fault[] = [
  {
    name: 'dies before',
    plant: (world, n) => {
      world.kube.killAtWrite(n, 'before');
    },
    isDeath: true,
  },
  {
    name: 'dies after',
    plant: (world, n) => {
      world.kube.killAtWrite(n, 'after');
    },
    isDeath: true,
  },
  {
    name: 'is refused as overloaded (429)',
    plant: (world, n) => {
      world.kube.failWrite(n, 'before', refused('unavailable', 429));
    },
  },
  {
    name: 'is answered 500',
    plant: (world, n) => {
      world.kube.failWrite(n, 'before', refused('unavailable', 500));
    },
  },
  {
    name: 'is answered 500 after the effect',
    plant: (world, n) => {
      world.kube.failWrite(n, 'after', refused('unavailable', 500));
    },
  },
  {
    name: 'gets no answer',
    plant: (world, n) => {
      world.kube.failWrite(n, 'after', refused('timeout', 0));
    },
  },
  {
    name: 'is in conflict (409)',
    plant: (world, n) => {
      world.kube.failWrite(n, 'before', refused('conflict', 409));
    },
  },
  {
    name: 'loses its watches',
    plant: afterWrite(({ kube }) => {
      kube.breakWatches();
    }),
  },
  {
    name: 'loses its watches and their history',
    plant: afterWrite(({ kube }) => {
      kube.compact();
      kube.breakWatches();
    }),
  },
  {
    name: 'starts anew',
    plant: afterWrite((world) => {
      world.wantsRestart = true;
    }),
  },
  ...['StatefulSet', 'Pod', 'ConfigMap', 'SchedulerCluster'].map(late),
];

interface Ending {
  readonly owned: unknown[];
  readonly ready: string;
  readonly writes: number;
  readonly made: number;
}

async function tell(story: Story, fault?: { readonly fault: Fault; readonly n: number }): Promise<Ending> {
  const world = new World();
  await world.start();
  await story.before(world);
  world.kube.forget();
  const madeBefore = world.controller.made;
  fault?.fault.plant(world, fault.n);
  story.change(world);
  await world.converge(fault?.fault.isDeath ? 30 : 200).catch(() => undefined);
  world.frozen.clear();
  world.kube.revive();
  if (fault?.fault.isDeath) await world.start();
  await world.converge();
  assert.deepEqual(world.controller.complaints, []);
  const ending = {
    owned: world.owned(),
    ready: world.says('Ready'),
    writes: world.kube.writes().length,
    made: world.controller.made - madeBefore,
  };
  world.kube.forget();
  world.resync();
  await world.converge();
  assert.deepEqual(world.kube.writes(), [], 'a settled world is left alone');
  world.stop();
  return ending;
}

let points = 0;

for (const story of stories) {
  describe(story.name, () => {
    let reference: Ending;
    before(async () => {
      reference = await tell(story);
      assert.equal(reference.ready, story.ends ?? 'True FleetReady');
    });
    for (const fault of faults) {
      it(`ends the same when the operator ${fault.name}`, async () => {
        for (let n = 1; n <= reference.writes; n += 1) {
          points += 1;
          const ending = await tell(story, { fault, n });
          const point = `at write ${String(n)} of ${String(reference.writes)}`;
          assert.deepEqual(ending.owned, reference.owned, point);
          assert.equal(ending.ready, reference.ready, point);
          assert.equal(ending.made, reference.made, `${point}: pods made`);
        }
      });
    }
  });
}

it('every story was told with every fault at every write', (test) => {
  test.diagnostic(`${String(points)} points`);
  assert.ok(points >= 2_400, `${String(points)} points`);
});
