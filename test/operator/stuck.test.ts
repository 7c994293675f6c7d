/** What stands in the way of one cluster stands in the way of no other, and a namespace that goes is let go. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { schedulerClusters } from '../../operator/api/group.ts';
import { events, statefulSets } from '../../operator/kube/resources.ts';
import { fakeLog, type LogLine } from '../fakes/log.ts';
import { refusal } from './faults/api-server.ts';
import type { HttpAnswer } from './faults/http.ts';
import { FaultyWorld } from './faults/world.ts';
import { sampleCluster } from './sample.ts';

let world: FaultyWorld;
let lines: readonly LogLine[];
beforeEach(() => {
  const kept = fakeLog();
  lines = kept.lines;
  world = new FaultyWorld({ log: kept.log });
  world.start();
});
afterEach(() => {
  world.stop();
});

const clusters = Array.from({ length: 12 }, (_, n) => `fleet-${String(n)}`);
const replicasOf = (namespace: string) =>
  world.kube.peek(statefulSets, { namespace, name: 'demo' })?.spec?.replicas;

/** Each in a namespace of its own. */
async function settled(): Promise<void> {
  for (const namespace of clusters) world.put(sampleCluster({}, { namespace, uid: `uid-${namespace}` }));
  await world.converge();
  for (const namespace of clusters) assert.equal(replicasOf(namespace), 2);
}

const isIn = (namespaces: readonly string[], namespace: string | undefined): boolean =>
  namespaces.includes(namespace ?? '');

/** What does not answer, and for how long: until it is let go, or until whoever asked gives up. */
const ways: Readonly<Record<string, (namespaces: readonly string[]) => () => void>> = {
  'the API server never answers about them': (namespaces) => {
    world.proxy.arm({
      onRequest: ({ info }, signal) => (isIn(namespaces, info.namespace) ? hungUp(signal) : undefined),
    });
    return () => {
      world.proxy.arm();
    };
  },
  'the API server answers reads about them and no writes': (namespaces) => {
    world.proxy.arm({
      onRequest: ({ info, write }, signal) =>
        write > 0 && isIn(namespaces, info.namespace) ? hungUp(signal) : undefined,
    });
    return () => {
      world.proxy.arm();
    };
  },
  'their instances accept questions and orders and never answer': (namespaces) =>
    silence(namespaces, ['ask', 'drain', 'probe']),
  'their instances never come back from a job through Redis': (namespaces) => silence(namespaces, ['probe']),
};

const hungUp = (signal: AbortSignal) =>
  new Promise<HttpAnswer>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('hung up'));
    });
  });

function silence(namespaces: readonly string[], asked: readonly string[]): () => void {
  let letGo = () => {};
  const isOver = new Promise<void>((resolve) => (letGo = resolve));
  world.answers = ({ metadata }, what) =>
    isIn(namespaces, metadata.namespace) && asked.includes(what) ? isOver : undefined;
  return letGo;
}

/** Milliseconds until all of these have the size that was asked for. */
async function msUntil(replicas: number, namespaces: readonly string[]): Promise<number> {
  for (let ms = 0; ms <= 300_000; ms += 50) {
    await world.look();
    if (namespaces.every((namespace) => replicasOf(namespace) === replicas)) return ms;
    world.controller.step();
    await world.clock.advance(50);
  }
  return Infinity;
}

const scale = (replicas: number, namespaces: readonly string[]): void => {
  for (const namespace of namespaces) world.edit((spec) => (spec.replicas = replicas), 'demo', namespace);
};

describe('clusters that wait for an answer', () => {
  const [last = '', ...stuck] = clusters.toReversed();
  for (const [title, hang] of Object.entries(ways)) {
    it(`hold up no other: of 11 in 12 ${title}`, async () => {
      await settled();
      const letGo = hang(stuck);
      for (const replicas of [3, 1]) {
        // The one that can be served comes last.
        scale(replicas, [...stuck, last]);
        const ms = await msUntil(replicas, [last]);
        assert.ok(ms <= 1_000, `to ${String(replicas)} after ${String(ms)} ms`);
        await world.clock.advance(20_000);
      }
      letGo();
      assert.ok((await msUntil(1, clusters)) < 150_000, 'and are looked at when there are answers');
    });
  }
});

describe('a namespace that is being deleted', () => {
  const terminating = () => {
    const { body, ...answer } = refusal(403, 'Forbidden');
    const message = 'unable to create new content in namespace default because it is being terminated';
    const details = { causes: [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }] };
    return { ...answer, body: JSON.stringify({ ...(JSON.parse(body) as object), message, details }) };
  };

  for (const [when, gone] of [
    ['before anything was made', false],
    ['and takes its objects first', true],
  ] as const) {
    it(`${when}, is let go without a word`, async () => {
      if (gone) {
        world.put(sampleCluster());
        await world.converge();
      }
      world.proxy.arm({
        onRequest: ({ info }) => {
          const isMade =
            info.verb === 'create' ||
            (info.verb === 'patch' && !info.subresource && info.plural !== 'schedulerclusters');
          return isMade ? Promise.resolve(terminating()) : undefined;
        },
      });
      const before = world.kube.all(events).length;
      if (gone) for (const set of world.kube.all(statefulSets)) world.kube.remove(set);
      else world.put(sampleCluster());
      for (let seconds = 0; seconds < 300; seconds += 1) {
        await world.look();
        await world.clock.advance(1_000);
      }
      const asked = world.proxy.log.filter(
        ({ info }) => info.verb === 'create' || info.verb === 'patch',
      ).length;
      assert.ok(asked < 10, `${String(asked)} tries in five minutes`);
      assert.equal(world.kube.all(events).length, before);
      const degraded = world.cluster().status?.conditions?.find(({ type }) => type === 'Degraded');
      assert.notEqual(degraded?.reason, 'Forbidden', 'nobody has to give it a right');
      assert.deepEqual(
        lines.filter(({ msg }) => msg === 'work failed'),
        [],
      );
      await world.kube.delete(schedulerClusters, world.cluster());
      await world.look();
      assert.equal(world.programs.filter(({ isDead }) => isDead).length, 0);
    });
  }
});

it('a definition that is not there yet is waited for', async () => {
  let isThere = false;
  world.proxy.arm({
    onRequest: ({ info }) =>
      !isThere && info.plural === 'schedulerclusters' ? Promise.resolve(refusal(404, 'NotFound')) : undefined,
  });
  world.stop();
  world.start();
  for (let seconds = 0; seconds < 120; seconds += 1) {
    await world.look();
    await world.clock.advance(1_000);
  }
  const asked = world.proxy.log.filter(({ info }) => info.plural === 'schedulerclusters').length;
  assert.ok(asked > 2 && asked < 30, `asked ${String(asked)} times in two minutes`);
  assert.ok(lines.some(({ msg, kind }) => msg === 'list or watch failed' && kind === 'SchedulerCluster'));
  isThere = true;
  world.put(sampleCluster());
  await world.converge();
  assert.equal(world.says('Ready'), 'True FleetReady');
});
