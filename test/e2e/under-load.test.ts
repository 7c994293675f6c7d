/** What a fleet is asked while sessions talk and nodes work: no job fails of it, and never are more instances away than may be. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ports } from '../../common/workload.ts';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { connect, type KubeClient } from '../../operator/kube/client.ts';
import { pods, type Pod } from '../../operator/kube/resources.ts';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { patient } from '../support/pocket.ts';
import { assertUnharmed, Balancer, Talker, work } from '../support/talkers.ts';
import { place, type Place } from './place.ts';

const { lacks, kubeconfig } = await target();

const name = 'loaded';

/** The pods of the fleet, as a watch tells them. */
class Watch {
  readonly #pods = new Map<string, Pod>();
  readonly #ended = new AbortController();
  /** The fewest that were ready at a time, since `begin`. */
  fewest = Infinity;

  async follow(kube: KubeClient): Promise<void> {
    const query = { namespace: 'default', labelSelector: `app.kubernetes.io/instance=${name}` };
    const { items, resourceVersion } = await kube.list(pods, query);
    for (const pod of items) this.#pods.set(pod.metadata.name, pod);
    const changes = kube.watch(pods, { ...query, resourceVersion }, this.#ended.signal);
    void (async () => {
      for await (const change of changes) {
        if (change.type === 'DELETED') this.#pods.delete(change.object.metadata.name);
        else if ('object' in change) this.#pods.set(change.object.metadata.name, change.object);
        this.fewest = Math.min(this.fewest, this.urls().length);
      }
    })();
  }

  begin(): void {
    this.fewest = this.urls().length;
  }

  stop(): void {
    this.#ended.abort();
  }

  /** Of those that are ready, where a Service would lead to. */
  urls(): string[] {
    return [...this.#pods.values()]
      .filter(isReady)
      .map(({ status }) => `ws://${status!.podIP!}:${String(ports.http)}`);
  }
}

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false);

describe('a fleet under load', { skip: lacks.programs }, () => {
  let here: Place;
  let kube: KubeClient;
  const watch = new Watch();
  const balancer = new Balancer(() => watch.urls());
  let over = false;
  let workers: Promise<void>[] = [];

  before(async () => {
    here = await place();
    await here.apply({ name, replicas: 3, keyPrefix: name, config: { limits: patient } });
    await here.ready(name);
    const identity = { fieldManager: 'test', userAgent: 'test', requestTimeoutMs: 30_000 };
    kube = connect({ ...identity, kubeconfig, clock: systemClock, random: systemRandom });
    await watch.follow(kube);
    workers = ['n-1', 'n-2', 'n-3'].map((nodeId) => work(balancer, nodeId, () => over));
  });
  after(async () => {
    over = true;
    await Promise.all(workers);
    watch.stop();
    await kube.close();
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
  });

  const scale = (replicas: number) => here.kubectl(['scale', 'lsc', name, `--replicas=${String(replicas)}`]);

  /** Sessions talk from before it begins until after it ended. */
  async function whileTalking(happens: () => Promise<void>): Promise<readonly Talker[]> {
    let isOver = false;
    const talkers = Array.from({ length: 4 }, () => new Talker(balancer));
    const talks = talkers.map(async (talker) => {
      let said = 0;
      for (; !isOver || said < 20; said += 1) await talker.say(said);
      return said;
    });
    await eventually('all talk', () => talkers.every(({ results }) => results.size > 0), 120_000);
    watch.begin();
    await happens();
    isOver = true;
    const said = await Promise.all(talks);
    for (const [i, talker] of talkers.entries()) assertUnharmed(talker, said[i] ?? 0);
    return talkers;
  }

  it('is rolled to another configuration, one instance at a time, and no job fails', async () => {
    const before = (await here.pods(name)).map(({ metadata }) => metadata.uid);
    const talkers = await whileTalking(async () => {
      const spec = { config: { scheduler: { jobTimeoutSeconds: 45 } } };
      await here.kubectl(['patch', 'lsc', name, '--type=merge', '-p', JSON.stringify({ spec })]);
      await here.ready(name);
    });
    const now = await here.pods(name);
    assert.ok(now.every(({ metadata }) => !before.includes(metadata.uid)));
    assert.ok(watch.fewest >= 2, `${String(watch.fewest)} were ready of 3`);
    assert.ok(
      talkers.every(({ moves }) => moves > 0),
      'all had to move',
    );
  });

  it('shrinks from three to one, and no job fails', async () => {
    await whileTalking(async () => {
      await scale(1);
      await here.ready(name);
    });
    assert.equal((await here.pods(name)).length, 1);
    assert.ok(watch.fewest >= 1, `${String(watch.fewest)} were ready`);
  });

  it('is asked for three, one, five and two without a pause, has two, and no job fails', async () => {
    await whileTalking(async () => {
      for (const replicas of [3, 1, 5, 2]) await scale(replicas);
      await here.ready(name);
    });
    assert.deepEqual(
      (await here.pods(name)).map(({ metadata }) => metadata.name),
      ['loaded-0', 'loaded-1'],
    );
    assert.ok(watch.fewest >= 1, `${String(watch.fewest)} were ready`);
  });

  it('sleeps, and wakes to work on', async () => {
    await scale(0);
    await here.kubectl(['wait', `lsc/${name}`, '--for=jsonpath={.status.replicas}=0', '--timeout=180s']);
    await here.ready(name);
    assert.deepEqual(watch.urls(), []);
    await scale(2);
    await here.ready(name);
    await whileTalking(() => Promise.resolve());
  });
});
