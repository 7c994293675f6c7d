import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { widget, widgetKind } from '../fixtures.ts';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { ApiError } from '../status.ts';
import { apply } from './apply.ts';
import { trackUpdate } from './track.ts';

const kind = widgetKind();
const at = (time: string) => ({ subresource: '', time });

/** Applies `spec` as `manager` and answers the object with its new owners. */
function applied(live: ApiObject | undefined, manager: string, spec: JsonObject, force = false): ApiObject {
  const { object, managedFields } = apply(kind, live, widget(spec), { manager, ...at('t1') }, force);
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

function updated(live: ApiObject, manager: string, spec: JsonObject): ApiObject {
  const object = { ...live, spec };
  const managedFields = trackUpdate(kind, live, object, { manager, ...at('t2') });
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

const ownersOf = (object: ApiObject): Record<string, JsonObject> =>
  Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [entry.manager, entry.fieldsV1]));

const conflictOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, 409);
    return error.message;
  }
  return assert.fail('no conflict');
};

describe('server-side apply', () => {
  it('owns exactly what it names, item by item in keyed lists and as a whole in atomic ones', () => {
    const object = applied(undefined, 'a', {
      image: 'x',
      items: [{ name: 'one', value: '1' }],
      tags: ['red'],
      args: ['-v'],
      whole: { a: '1' },
      free: { deep: { er: [1] } },
    });
    assert.deepEqual(ownersOf(object)['a'], {
      'f:spec': {
        'f:args': {},
        'f:free': { 'f:deep': { '.': {}, 'f:er': {} } },
        'f:image': {},
        'f:items': { 'k:{"name":"one"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
        'f:tags': { 'v:"red"': {} },
        'f:whole': {},
      },
    });
  });

  it('refuses to change what another manager applied, naming field and manager', () => {
    const live = applied(undefined, 'a', { image: 'x', replicas: 1 });
    const message = conflictOf(() => applied(live, 'b', { image: 'x', replicas: 2 }));
    assert.equal(message, 'Apply failed with 1 conflict: conflict with "a": .spec.replicas');
  });

  it('lists several conflicts by manager, shallow fields first', () => {
    const live = applied(undefined, 'a', { image: 'x', labels: { k: '1' }, replicas: 1 });
    const message = conflictOf(() => applied(live, 'b', { image: 'y', labels: { k: '2' }, replicas: 1 }));
    assert.equal(
      message,
      'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.image\n- .spec.labels.k',
    );
  });

  it('shares a field when both managers say the same', () => {
    const both = applied(applied(undefined, 'a', { image: 'x' }), 'b', { image: 'x' });
    assert.deepEqual(Object.keys(ownersOf(both)).sort(), ['a', 'b']);
    const one = applied(both, 'a', {});
    assert.deepEqual(one['spec'], { image: 'x' }, 'the other manager still wants it');
  });

  it('takes contested fields with force, and only those', () => {
    const live = applied(undefined, 'a', { image: 'x', replicas: 1 });
    const forced = applied(live, 'b', { replicas: 2 }, true);
    assert.deepEqual(ownersOf(forced)['a'], { 'f:spec': { 'f:image': {} } });
    assert.deepEqual(forced['spec'], { image: 'x', replicas: 2 });
  });

  it('removes what its last apply named and nobody wants any more', () => {
    const live = applied(undefined, 'a', {
      image: 'x',
      labels: { a: '1', b: '2' },
      items: [{ name: 'i', value: 'v' }],
    });
    assert.deepEqual(applied(live, 'a', { image: 'x', labels: { b: '2' } })['spec'], {
      image: 'x',
      labels: { b: '2' },
    });
  });

  it('keeps a list item whose field another manager set, without the dropped fields', () => {
    const live = applied(undefined, 'a', { items: [{ name: 'i', value: 'v' }] });
    const shared = applied(live, 'b', { items: [{ name: 'i', size: 3 }] });
    assert.deepEqual(applied(shared, 'a', { image: 'x' })['spec'], {
      image: 'x',
      items: [{ name: 'i', size: 3 }],
    });
  });

  it('keeps an object that is wished for empty', () => {
    const live = applied(undefined, 'a', { free: { x: 1 } });
    assert.deepEqual(applied(live, 'a', { free: {} })['spec'], { free: {} });
  });

  it('leaves items of others where they stand', () => {
    const live = applied(undefined, 'a', { items: [{ name: 'one' }, { name: 'two' }] });
    const names = (object: ApiObject): unknown =>
      (object['spec'] as { items: { name: string }[] }).items.map(({ name }) => name);
    const more = applied(live, 'b', { items: [{ name: 'three' }] });
    assert.deepEqual(names(more), ['one', 'two', 'three']);
    assert.deepEqual(names(applied(more, 'a', { items: [{ name: 'two' }, { name: 'one' }] })), [
      'two',
      'one',
      'three',
    ]);
  });

  it('changes no entry and no time when nothing changes', () => {
    const live = applied(undefined, 'a', { image: 'x' });
    const { managedFields } = apply(
      kind,
      live,
      widget({ image: 'x' }),
      { manager: 'a', ...at('later') },
      false,
    );
    assert.deepEqual(managedFields, live.metadata.managedFields);
  });

  it('conflicts with a plain writer, told with its version', () => {
    const live = updated(applied(undefined, 'a', { image: 'x' }), 'kubectl-edit', {
      image: 'x',
      replicas: 7,
    });
    const message = conflictOf(() => applied(live, 'a', { image: 'x', replicas: 1 }));
    assert.equal(
      message,
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using example.com/v1: .spec.replicas',
    );
  });

  it('owns nothing of an object that has no managers yet, and meets a conflict with what is there', () => {
    const message = conflictOf(() => applied(widget({ image: 'x' }), 'a', { image: 'y' }));
    assert.match(message, /conflict with "before-first-apply" using example.com\/v1: .spec.image$/);
  });

  it('lets kubectl take over what kubectl apply wrote down', () => {
    const last = JSON.stringify(widget({ image: 'x' }));
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last };
    const made = widget({ image: 'x' });
    const object: ApiObject = { ...made, metadata: { ...made.metadata, annotations } };
    const managedFields = trackUpdate(kind, undefined, object, {
      manager: 'kubectl-client-side-apply',
      ...at('t'),
    });
    const live: ApiObject = { ...object, metadata: { ...object.metadata, managedFields } };
    assert.deepEqual(applied(live, 'kubectl', { image: 'y' })['spec'], { image: 'y' });
    conflictOf(() => applied(live, 'someone', { image: 'y' }));
  });

  for (const [what, spec, fault] of [
    ['unknown fields', { bogus: 1 }, '.spec.bogus: field not declared in schema'],
    ['wrong types', { replicas: 'three' }, '.spec.replicas: expected numeric (int or float), got string'],
    [
      'items twice',
      { items: [{ name: 'a' }, { name: 'a' }] },
      '.spec.items: duplicate entries for key [name="a"]',
    ],
    [
      'items without key',
      { items: [{ value: 'a' }] },
      '.spec.items: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
  ] as const) {
    it(`answers ${what} with a bare 500, as the API does`, () => {
      const config = widget(spec as unknown as JsonObject);
      assert.throws(() => apply(kind, undefined, config, { manager: 'a', ...at('t') }, false), {
        code: 500,
        message: `failed to create typed patch object (/w; example.com/v1, Kind=Widget): ${fault}`,
      });
    });
  }
});

describe('ownership by plain writes', () => {
  it('gives the writer what it changed and takes it from the others', () => {
    const live = applied(undefined, 'a', { image: 'x', replicas: 1, labels: { k: 'v' } });
    const after = updated(live, 'b', { image: 'x', replicas: 2 });
    assert.deepEqual(ownersOf(after)['b'], { 'f:spec': { 'f:replicas': {} } });
    assert.deepEqual(ownersOf(after)['a'], { 'f:spec': { 'f:image': {} } });
  });

  it('forgets all owners when a single empty entry is written', () => {
    const live = applied(undefined, 'a', { image: 'x' });
    const cleared = { ...live, metadata: { ...live.metadata, managedFields: [{} as never] } };
    assert.deepEqual(trackUpdate(kind, live, cleared, { manager: 'b', ...at('t') }), []);
  });

  it('never owns the status through the main door', () => {
    const live = widget({ image: 'x' });
    const entries = trackUpdate(kind, live, { ...live, status: { note: 'n' } }, { manager: 'b', ...at('t') });
    assert.deepEqual(entries, []);
  });
});
