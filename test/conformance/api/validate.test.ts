/**
 * `operator validate` against the API server: both judge the same manifests, thousands of them made from the definition, and say
 * the same of each.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Definition, Schema } from '../../../crds/typescript.ts';
import type { ApiAnswer } from '../../../operator/kube/transport.ts';
import type { Json, JsonObject } from '../../../operator/schema/json.ts';
import { check } from '../../../operator/validate/check.ts';
import { parseDocuments } from '../../../operator/validate/documents.ts';
import { FakeRandom } from '../../fakes/clock.ts';
import { target } from '../target.ts';
import { openPlace, type Place } from '../workloads/place.ts';

const file = new URL('../../../crds/schedulercluster.yaml', import.meta.url).pathname;
const definition = parse(readFileSync(file, 'utf8')) as Definition;
const crd = 'schedulerclusters.lingua.dev';

interface Bounded extends Schema {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

const specSchema = definition.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']! as Bounded;

const good: JsonObject = {
  image: 'lingua-scheduler:dev',
  redis: { mode: 'single', url: 'rediss://cache:6379', authSecretRef: { name: 'user', passwordKey: 'p' } },
};

const embedded: Json = {
  keyPrefix: 'fleet',
  embedded: { storage: { size: '1Gi', storageClassName: 'fast' } },
};

const manifest = (spec: Json, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'lingua.dev/v1alpha1',
  kind: 'SchedulerCluster',
  metadata: { name: 'judged', ...metadata },
  spec,
});

/** Sets what is at a path; `[0]` is the first of a list, and `{}` any key of a map. */
function put(into: Json | undefined, [step, ...rest]: readonly string[], value: Json): Json {
  if (step === undefined) return value;
  if (step === '[0]') return [put(Array.isArray(into) ? into[0] : undefined, rest, value)];
  const object = typeof into === 'object' && into !== null && !Array.isArray(into) ? into : {};
  return { ...object, [step]: put(object[step], rest, value) };
}

interface Node {
  readonly path: readonly string[];
  readonly schema: Bounded;
}

function nodesOf(schema: Bounded, path: readonly string[] = []): Node[] {
  return [
    { path, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => nodesOf(child, [...path, name])),
    ...(schema.items ? nodesOf(schema.items, [...path, '[0]']) : []),
    ...(schema.additionalProperties ? nodesOf(schema.additionalProperties, [...path, 'some.key']) : []),
  ];
}

const strings = [
  '',
  'A',
  'a b',
  '-',
  'a',
  '5',
  '1Gi',
  '10.0.0.0/8',
  'https://a.example',
  'redis://a:1',
  '日本',
  'x@y',
  '🦊',
];
const ofOtherTypes: readonly Json[] = [null, true, 7, -1, 1.5, 'word', [], {}, [null], { a: {} }];

/** Values at and over every bound, of every wrong type, and of forms that some pattern refuses. */
function triesOf({ schema }: Node): readonly Json[] {
  const { minimum = 0, maximum = 1, maxLength = 1, minLength = 0, maxItems, maxProperties } = schema;
  const tries: Json[] = [...ofOtherTypes];
  if (schema.type === 'integer') tries.push(minimum - 1, minimum, maximum, maximum + 1, 2 ** 31, 2 ** 40);
  if (schema.type === 'string' || schema['x-kubernetes-int-or-string'])
    tries.push(
      ...strings,
      'a'.repeat(maxLength),
      'a'.repeat(maxLength + 1),
      'a'.repeat(Math.max(0, minLength - 1)),
    );
  for (const word of schema.enum ?? []) tries.push(word);
  if (maxItems !== undefined)
    tries.push(
      Array.from({ length: maxItems + 1 }, (_, index) => `i${index}`),
      ['i', 'i'],
    );
  if (maxProperties !== undefined)
    tries.push(
      Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, index) => [`k${index}`, 'v'])),
    );
  if (schema.properties) tries.push({ nobodyKnows: 1 });
  return tries;
}

interface Change {
  readonly path: readonly string[];
  readonly value: Json;
}

/** Many fields are alike, such as all that select by labels; one of each is tried. */
const told = new Set<string>();
const isNew = ({ schema }: Node): boolean => {
  const text = JSON.stringify({ ...schema, description: undefined });
  return !told.has(text) && told.add(text).size > 0;
};

const changes: readonly Change[] = nodesOf(specSchema)
  .filter(isNew)
  .flatMap((node) => triesOf(node).map((value) => ({ path: node.path, value })));

/** What may not change while a fleet exists. */
const fixed: ReadonlySet<string> = new Set(['keyPrefix', 'streamGroup', 'size', 'storageClassName', 'mode']);

const specOf = (some: readonly Change[]): Json =>
  some.reduce<Json>((spec, { path, value }) => put(spec, path, value), good);

/** Several at once, because one fault may hide another. */
function mixed(count: number): Json[] {
  const random = new FakeRandom(7);
  const pick = (): Change => changes[Math.floor(random.next() * changes.length)]!;
  return Array.from({ length: count }, (_, index) => specOf(Array.from({ length: 2 + (index % 4) }, pick)));
}

const oddMetadata: readonly JsonObject[] = [
  { name: 'n'.repeat(52) },
  { name: 'n'.repeat(53) },
  { name: 'n'.repeat(254) },
  { name: '9lives' },
  { name: 'a.b' },
  { name: 'Upper' },
  { name: '' },
  { name: '', generateName: 'made-' },
  { name: 5 },
  { labels: { a: 1 } },
  { labels: { a: 'b c', '/x': 'y' } },
  { labels: { ['k'.repeat(64)]: 'v'.repeat(64) } },
  { labels: null, annotations: { 'a b': 'c' } },
  { annotations: { a: true } },
  { annotations: { a: 'x'.repeat(300_000) } },
  { finalizers: ['word', 'a/b', 'a b'] },
  { finalizers: ['a/b/c', 'B/a', '/a'], annotations: { 'a/b/c': '', '/a': '', 'B/a': '' } },
  { finalizers: 'word' },
  { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p' }] },
  { ownerReferences: [{}] },
  { labels: { 'a/b/c': '', 'x/': '', 'A/b': '', 'a..b/c': '' } },
  { labels: { [`${'p'.repeat(254)}/x`]: 'v' } },
  { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 5 }] },
  { nobodyKnows: 'this' },
  { creationTimestamp: 'yesterday' },
  { creationTimestamp: null, generation: 7, uid: 'u', selfLink: '/x' },
];

interface Status {
  readonly message: string;
  readonly details?: { readonly causes?: readonly { readonly field: string; readonly message: string }[] };
}

const unknownIn = (message: string): string[] =>
  [...message.matchAll(/unknown field \\?"([^"\\]+)\\?"/g)].map(([, field = '']) => field);

/** What a server says, in the form of `operator validate`. */
function saidBy({ status, body }: ApiAnswer): readonly string[] {
  if (status < 300) return [];
  const { message, details } = JSON.parse(body) as Status;
  const causes = details?.causes ?? [];
  return causes.length === 0 ? [message] : causes.map((cause) => `${cause.field}: ${cause.message}`).sort();
}

describe('operator validate says what the API server says', () => {
  let made = false;
  before(async () => {
    const where = await target();
    const kubectl = (args: readonly string[]) => where.kubectl(args);
    made = (await kubectl(['get', 'crd', crd])).code !== 0;
    await kubectl(['apply', '--server-side', '-f', file]);
    await kubectl(['wait', `crd/${crd}`, '--for=condition=Established', '--timeout=180s']);
  });
  after(async () => {
    if (made) await (await target()).kubectl(['delete', 'crd', crd]);
  });

  async function compare({ kube, namespace }: Place, document: JsonObject, old?: JsonObject): Promise<void> {
    const path = `/apis/lingua.dev/v1alpha1/namespaces/${namespace}/schedulerclusters`;
    const send = (fieldValidation: string) =>
      kube.raw({
        method: old ? 'PUT' : 'POST',
        path: `${path}${old ? '/judged' : ''}?dryRun=All&fieldValidation=${fieldValidation}`,
        body: document,
      });
    const ours = check(document, old);
    const what = JSON.stringify(document).slice(0, 500);
    const unknown = ours.filter(({ message }) => message === 'unknown field').map(({ field }) => field);
    const rest = ours.filter(({ message }) => message !== 'unknown field');
    const theirs = saidBy(await send('Ignore'));
    if (rest.some(({ message }) => /^(json|parsing)/.test(message))) {
      assert.ok(theirs[0]?.endsWith(rest[0]!.message), `${what}\n${theirs.join()}\n${rest[0]!.message}`);
      return;
    }
    assert.deepEqual(rest.map(({ field, message }) => `${field}: ${message}`).sort(), theirs, what);
    if (unknown.length === 0) return;
    const strict = saidBy(await send('Strict'));
    assert.deepEqual(unknown.sort(), unknownIn(strict[0] ?? '').sort(), what);
  }

  /** Some at a time: the server does most of the work. */
  async function compareAll(place: Place, documents: readonly JsonObject[], old?: JsonObject): Promise<void> {
    const left = documents.values();
    const lane = async () => {
      for (const document of left) await compare(place, document, old);
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  }

  it(`of every field, with values in and out of its bounds, of its type and of others`, async (t) => {
    assert.ok(changes.length > 2500, String(changes.length));
    await compareAll(
      await openPlace(t),
      changes.map((change) => manifest(specOf([change]))),
    );
  });

  it('of several changes at once', async (t) => {
    await compareAll(
      await openPlace(t),
      mixed(600).map((spec) => manifest(spec)),
    );
  });

  it('of metadata', async (t) => {
    const place = await openPlace(t);
    await compareAll(place, [...oddMetadata.map((metadata) => manifest(good, metadata)), manifest(good)]);
  });

  it('of a change of what stands there', async (t) => {
    const place = await openPlace(t);
    const { kube, namespace } = place;
    const path = `/apis/lingua.dev/v1alpha1/namespaces/${namespace}/schedulerclusters`;
    const whole = put({ image: 'lingua-scheduler:dev', replicas: 0 }, ['redis'], embedded);
    const { status, body } = await kube.raw({ method: 'POST', path, body: manifest(whole) });
    assert.equal(status, 201, body);
    const old = JSON.parse(body) as JsonObject;
    const stated = { ...(old['metadata'] as JsonObject), managedFields: undefined };
    // A value that is refused is refused then too; every third is enough to see that, and what may not change is among them.
    const some = changes.filter(({ path: where }, index) => index % 3 === 0 || fixed.has(where.at(-1) ?? ''));
    const documents = some.map(({ path: where, value }) => manifest(put(whole, where, value), stated));
    await compareAll(place, documents, old);
  });

  it('and reads YAML as kubectl does', async (t) => {
    const place = await openPlace(t);
    const yaml = `
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {a: b}}
base: &base {x: 1, z: 2}
merged: {<<: *base, z: 3}
1: one
true: word
list: [on, off, yes, no, y, n, Y, N, True, TRUE, ~, null, Null, 017, 0o17, -0o17, 0x1F, 0b11, 1_000, 1e3, 1.0, .5, 5., +1]
more: [2001-01-01, 2001-12-14T21:59:43Z, 12:30:45, 1:30, 08, "on", 1E3, 1.5e3, 0.1, -017, '', a=b, yesterday, 1a, 0x, 1e]
text: |
  line
  line
`;
    const { stdout, stderr } = await place.tryKubectl(
      ['annotate', '--local', '-f', '-', '-o', 'json', 'a=b', '--overwrite'],
      {
        input: yaml,
      },
    );
    assert.equal(stderr, '');
    const [document] = parseDocuments(yaml);
    assert.deepEqual(document?.parsed, { value: JSON.parse(stdout) as Json });
  });
});
