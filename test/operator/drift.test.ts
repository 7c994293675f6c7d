/**
 * Other people's hands on what is ours, field by field: every value that the operator has applied is changed, and then taken away,
 * in the live object. Each comes back, and an event names it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { appliedHashAnnotation } from '../../operator/api/labels.ts';
import type { KubeObject } from '../../operator/kube/kube.ts';

import { sampleCluster, type Wish } from './sample.ts';
import { ownedKinds } from './surroundings.ts';
import { embedded, everything } from './wishes.ts';
import { World } from './world.ts';

type Step = string | number;

interface Leaf {
  readonly kind: string;
  readonly name: string;
  readonly path: readonly Step[];
}

/** Who an object is, and whose: with these changed it is another object, or not ours any more. */
const identity: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]);

const isIdentity = (path: readonly Step[]): boolean =>
  identity.has(path.join('.')) || path[1] === 'ownerReferences';

/**
 * What the operator itself goes by, so that it cannot know that somebody else wrote it: the mark of what was applied tells a changed
 * wish from a changed object, and how far an update is stands in the partition. They come back too, untold.
 */
const isMemory = (path: readonly Step[]): boolean =>
  path.includes(appliedHashAnnotation) || path.at(-1) === 'partition';

/** Secrets are the operator's only when they are made; it does not watch them. */
const watched = ownedKinds.filter(({ kind }) => kind !== 'Secret');

function leavesOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null) return isIdentity(path) ? [] : [path];
  return Object.entries(value).flatMap(([name, below]) =>
    leavesOf(below, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

/** In the way in which events write paths, but for what stands in brackets. */
const written = (path: readonly Step[]): string =>
  path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .slice(1);

/** What an event says was changed, which may be all that stands around it. */
const fieldIn = (note: string): string =>
  (/had changed (.*?); it is/.exec(note)?.[1] ?? 'nothing').replaceAll(/\[[^\]]*\]/g, '[]');

const at = (value: unknown, path: readonly Step[]): unknown =>
  path.reduce<unknown>((here, step) => (here as Record<Step, unknown> | undefined)?.[step], value);

function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : `${String(value)}x`;
}

/** The object with another value at a path, or none. */
function changed(object: KubeObject, path: readonly Step[], how: 'changed' | 'taken away'): KubeObject {
  const copy = structuredClone(object);
  const parent = at(copy, path.slice(0, -1)) as Record<Step, unknown>;
  const last = path.at(-1)!;
  if (how === 'changed') parent[last] = other(parent[last]);
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}

const wishes: Readonly<Record<string, Wish>> = { everything, embedded };

for (const [title, wish] of Object.entries(wishes)) {
  describe(`in the fleet '${title}'`, () => {
    const world = new World();
    let leaves: Leaf[] = [];

    before(async () => {
      await world.start();
      world.put(sampleCluster(wish));
      await world.converge();
      const applied = world.kube.requests.filter(({ verb }) => verb === 'apply');
      const last = new Map(applied.map((request) => [`${request.kind} ${request.name}`, request]));
      leaves = [...last.values()].flatMap(({ kind, name, body }) =>
        leavesOf(body).map((path) => ({ kind, name, path })),
      );
    });
    after(() => {
      world.stop();
    });

    it('nothing is written while nobody touches anything', async () => {
      world.kube.forget();
      for (let look = 0; look < 3; look += 1) {
        world.resync();
        await world.converge();
      }
      assert.deepEqual(world.kube.writes(), []);
    });

    it('there is much to change', () => {
      assert.ok(leaves.length > 150, String(leaves.length));
    });

    for (const resource of watched) {
      for (const how of ['changed', 'taken away'] as const) {
        it(`every field of a ${resource.kind} that is ${how} comes back, and an event names it`, async () => {
          for (const { name, path } of leaves.filter(({ kind }) => kind === resource.kind)) {
            const key = { namespace: 'default', name };
            const live = world.kube.peek(resource, key)!;
            world.events.length = 0;
            world.kube.put(changed(live, path, how));
            await world.converge();
            const what = `${resource.kind} ${name} ${written(path)}`;
            assert.deepEqual(at(world.kube.peek(resource, key), path), at(live, path), what);
            const notes = world.events
              .filter(({ reason }) => reason === 'DriftHealed')
              .map(({ note }) => note);
            if (isMemory(path)) continue;
            assert.equal(notes.length, 1, what);
            assert.ok(written(path).startsWith(fieldIn(notes[0]!)), `${what}: ${notes[0]!}`);
          }
        });
      }
    }
  });
}
