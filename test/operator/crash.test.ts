/** The operator dies before or after each of its writes, starts anew with nothing remembered, and ends at the same place. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

interface Story {
  readonly name: string;
  /** What has happened before the operator is in danger. */
  readonly before: (world: World) => Promise<void>;
  /** What it is asked while it may die. */
  readonly change: (world: World) => void;
  /** What Ready says in the end; `True FleetReady` by default. */
  readonly ends?: string;
}

const create = async (world: World): Promise<void> => {
  world.put(sampleCluster());
  await world.converge();
};

const createWithCanary = async (world: World): Promise<void> => {
  world.put(sampleCluster({ rollout: { canary: { soakSeconds: 0 } } }));
  await world.converge();
};
const changeImage = (world: World): void => {
  world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
};
const runsNext = (world: World, name: string): boolean =>
  world.kube.peek(pods, { namespace: 'default', name })?.spec!.containers[0]!.image ===
  'lingua-scheduler:next';

const stories: readonly Story[] = [
  { name: 'creating', before: () => Promise.resolve(), change: (world) => void world.put(sampleCluster()) },
  {
    name: 'scaling up',
    before: create,
    change: (world) => {
      world.edit((spec) => (spec.replicas = 4));
    },
  },
  {
    name: 'scaling down to one',
    before: create,
    change: (world) => {
      world.edit((spec) => (spec.replicas = 1));
    },
  },
  {
    name: 'scaling down while an instance has work, and that taken back',
    before: async (world) => {
      await create(world);
      let isBusy = true;
      world.drains = () => !isBusy;
      world.edit((spec) => (spec.replicas = 1));
      await world.look();
      isBusy = false;
    },
    change: (world) => {
      world.edit((spec) => (spec.replicas = 2));
    },
  },
  {
    name: 'another configuration',
    before: create,
    change: (world) => {
      world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 60));
    },
  },
  { name: 'a canary that passes', before: createWithCanary, change: changeImage },
  {
    name: 'a canary that fails',
    before: async (world) => {
      world.report = (name) =>
        runsNext(world, name) ? { inbox: { length: 0, pending: 0, dlqLength: 101 } } : {};
      await createWithCanary(world);
    },
    change: changeImage,
    ends: 'False CanaryFailed',
  },
];

interface Ending {
  readonly owned: unknown[];
  readonly ready: string;
  readonly writes: number;
  readonly created: string[];
}

async function tell(story: Story, danger: (world: World) => void): Promise<Ending> {
  const world = new World();
  await world.start();
  await story.before(world);
  world.kube.forget();
  world.events.length = 0;
  danger(world);
  story.change(world);
  // Until it dies, or for good when it does not.
  await world.converge(30).catch(() => undefined);
  world.kube.revive();
  await world.start();
  await world.converge();
  const ending = {
    owned: world.owned(),
    ready: world.says('Ready'),
    writes: world.kube.writes().length,
    created: world.events.filter(({ reason }) => reason === 'Created').map(({ note }) => note),
  };
  assert.deepEqual(world.controller.complaints, []);
  world.stop();
  return ending;
}

for (const story of stories) {
  describe(story.name, () => {
    it('ends the same, whatever write the operator died at', async () => {
      const reference = await tell(story, () => undefined);
      assert.equal(reference.ready, story.ends ?? 'True FleetReady');
      for (const when of ['before', 'after'] as const) {
        for (let n = 1; n <= reference.writes; n += 1) {
          const ending = await tell(story, (world) => {
            world.kube.killAtWrite(n, when);
          });
          const point = `died ${when} write ${String(n)} of ${String(reference.writes)}`;
          assert.deepEqual(ending.owned, reference.owned, point);
          assert.equal(ending.ready, reference.ready, point);
          assert.equal(new Set(ending.created).size, ending.created.length, `${point}: made something twice`);
        }
      }
    });

    it('ends the same when an answer was lost or refused at any write', async () => {
      const reference = await tell(story, () => undefined);
      for (const when of ['before', 'after'] as const) {
        for (let n = 1; n <= reference.writes; n += 1) {
          const ending = await tell(story, (world) => {
            world.kube.failWrite(n, when);
          });
          assert.deepEqual(ending.owned, reference.owned, `write ${String(n)} failed ${when} its effect`);
        }
      }
    });
  });
}
