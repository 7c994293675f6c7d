/** What people ask of a fleet, each with the state it starts from: the workloads that faults are planted into. */
import { configMaps, pods, services } from '../../operator/kube/resources.ts';
import { schedulerClusters } from '../../operator/api/group.ts';
import { sampleCluster, type Wish } from './sample.ts';
import type { Surroundings } from './surroundings.ts';

/** A world with an operator in it. */
export interface World extends Surroundings {
  /** Lets the operator do what can be done now. */
  look(): Promise<void>;
  /** Lets everybody go on until nobody has anything to do. */
  converge(): Promise<void>;
}

export interface Story {
  readonly name: string;
  /** What has happened before the operator is in danger. */
  readonly before: (world: World) => Promise<void>;
  /** What it is asked while it may die. */
  readonly change: (world: World) => void;
  /** What Ready says in the end; `True FleetReady` by default. */
  readonly ends?: string;
}

const made =
  (wish: Wish = {}) =>
  async (world: World): Promise<void> => {
    world.put(sampleCluster(wish));
    await world.converge();
  };

const edited =
  (change: Parameters<World['edit']>[0]) =>
  (world: World): void => {
    world.edit(change);
  };

const toNext = edited((spec) => (spec.image = 'lingua-scheduler:next'));
const scaledTo = (replicas: number) => edited((spec) => (spec.replicas = replicas));
const runsNext = (world: World, name: string): boolean =>
  world.kube.peek(pods, { namespace: 'default', name })?.spec!.containers[0]!.image ===
  'lingua-scheduler:next';

/** In the middle of a scale-down: the instances were told, and have finished by the time of the change. */
const shrinking =
  (from: number, to: number) =>
  async (world: World): Promise<void> => {
    await made({ replicas: from })(world);
    let isBusy = true;
    world.drains = () => !isBusy;
    scaledTo(to)(world);
    await world.look();
    isBusy = false;
  };

export const stories: readonly Story[] = [
  { name: 'creating', before: () => Promise.resolve(), change: (world) => void world.put(sampleCluster()) },
  { name: 'scaling up', before: made(), change: scaledTo(4) },
  { name: 'scaling down to one', before: made(), change: scaledTo(1) },
  { name: 'hibernating', before: made({ replicas: 3 }), change: scaledTo(0), ends: 'True Hibernated' },
  { name: 'waking', before: made({ replicas: 0 }), change: scaledTo(3) },
  { name: 'a scale-down that is taken back', before: shrinking(2, 1), change: scaledTo(2) },
  { name: 'a scale-down that is followed by a scale-up', before: shrinking(3, 1), change: scaledTo(5) },
  {
    name: 'another configuration',
    before: made(),
    change: edited((spec) => (spec.config.scheduler.jobTimeoutSeconds = 60)),
  },
  {
    name: 'another image and size at once',
    before: made({ replicas: 3 }),
    change: edited((spec) => {
      spec.image = 'lingua-scheduler:next';
      spec.replicas = 2;
    }),
  },
  {
    name: 'a change that is taken back in the middle',
    before: async (world) => {
      await made({ replicas: 3 })(world);
      toNext(world);
      for (let step = 0; step < 6; step += 1) {
        await world.look();
        world.controller.step();
      }
    },
    change: edited((spec) => (spec.image = 'lingua-scheduler:dev')),
  },
  { name: 'a change of four instances', before: made({ replicas: 4 }), change: toNext },
  {
    name: 'the end of a pause',
    before: async (world) => {
      await made({ replicas: 3 })(world);
      world.annotate('lingua.dev/paused', 'true');
      toNext(world);
      await world.converge();
    },
    change: (world) => {
      world.annotate('lingua.dev/paused', undefined);
    },
  },
  {
    name: 'a canary that passes',
    before: made({ replicas: 3, rollout: { canary: { soakSeconds: 0 } } }),
    change: toNext,
  },
  {
    name: 'a canary that fails',
    before: async (world) => {
      world.report = (name) =>
        runsNext(world, name) ? { inbox: { length: 0, pending: 0, dlqLength: 101 } } : {};
      await made({ replicas: 3, rollout: { canary: { replicas: 2, soakSeconds: 0 } } })(world);
    },
    change: toNext,
    ends: 'False CanaryFailed',
  },
  {
    name: 'other hands on the Service and the ConfigMap',
    before: made(),
    change: (world) => {
      const service = world.kube.peek(services, { namespace: 'default', name: 'demo' })!;
      world.kube.put({ ...service, spec: { ...service.spec!, type: 'NodePort' } });
      for (const map of world.kube.all(configMaps)) world.kube.remove(map);
    },
  },
  {
    name: 'deleting and making anew under the same name',
    before: made({ replicas: 3 }),
    change: (world) => {
      world.kube.remove(world.kube.peek(schedulerClusters, { namespace: 'default', name: 'demo' })!);
      world.put(sampleCluster({ replicas: 2 }, { uid: 'uid-of-another-demo' }));
    },
  },
];
