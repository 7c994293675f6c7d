import assert from 'node:assert/strict';
import { it } from 'node:test';
import { validate } from './command.ts';

const demo = `apiVersion: lingua.dev/v1alpha1
kind: SchedulerCluster
metadata: {name: demo}
spec:
  image: lingua-scheduler:dev
  redis: {mode: single, url: redis://cache:6379}
`;

async function run(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const printed: string[] = [];
  const notes: string[] = [];
  const code = await validate(args, {
    read: (file) => {
      const text = files[file];
      return text === undefined ? Promise.reject(new Error(`no ${file}`)) : Promise.resolve(text);
    },
    print: (line) => printed.push(line),
    note: (line) => notes.push(line),
  });
  return { code, printed, notes };
}

it('says nothing of what is right', async () => {
  assert.deepEqual(await run(['demo.yaml'], { 'demo.yaml': demo }), { code: 0, printed: [], notes: [] });
});

it('tells every problem in a line with file, document and field, of several files', async () => {
  const wrong = demo.replace('spec:', 'spec:\n  replicas: 65\n  replica: 2');
  const files = { 'a.yaml': `${demo}---\n${wrong}`, '-': demo.replace('redis:', 'rediss:') };
  const { code, printed } = await run(['a.yaml', '-'], files);
  assert.equal(code, 1);
  assert.deepEqual(printed, [
    'a.yaml:2: spec.replica: unknown field',
    'a.yaml:2: spec.replicas: Invalid value: 65: spec.replicas in body should be less than or equal to 64',
    'stdin:1: spec.rediss: unknown field',
  ]);
});

it('looks into lists, as kubectl prints them', async () => {
  const list = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [{ apiVersion: 'lingua.dev/v1alpha1', kind: 'SchedulerCluster', metadata: { name: 'x' } }],
  });
  const { code, printed } = await run(['list.json'], { 'list.json': list });
  assert.deepEqual([code, printed[0]], [1, 'list.json:1[0]: spec: Required value']);
});

it('skips other kinds with a note, and takes them for a problem when it is to be strict', async () => {
  const files = { 'all.yaml': `apiVersion: v1\nkind: Secret\n---\n---\n${demo}` };
  assert.deepEqual(await run(['all.yaml'], files), {
    code: 0,
    printed: [],
    notes: ['all.yaml:1: Secret is not checked'],
  });
  const strict = await run(['--strict', 'all.yaml'], files);
  assert.deepEqual([strict.code, strict.printed], [1, ['all.yaml:1: Secret is not checked']]);
});

it('does not pass over what was meant to be ours', async () => {
  const files = { f: demo.replace('v1alpha1', 'v1') + '---\n' + demo.replace('kind: Sch', 'kind: sch') };
  const { code, printed } = await run(['f'], files);
  assert.equal(code, 1);
  assert.match(
    printed[0] ?? '',
    /^f:1: apiVersion: no matches for kind "SchedulerCluster" in version "lingua.dev\/v1"/,
  );
  assert.match(printed[1] ?? '', /^f:2: apiVersion: no matches for kind "schedulerCluster"/);
});

it('does not call it success when there was nothing to check', async () => {
  assert.deepEqual(await run(['empty'], { empty: '' }), {
    code: 1,
    printed: [],
    notes: ['no SchedulerCluster to check'],
  });
});

it('says where a text is no YAML, and goes on with the next document', async () => {
  const { code, printed } = await run(['f'], { f: `a: 1\na: 2\n---\n- a\n---\n${demo}` });
  assert.equal(code, 1);
  assert.deepEqual(printed, [
    'f:1: Map keys must be unique at line 2, column 1',
    'f:2: must be an object with fields',
  ]);
});

it('with what stands in the cluster, also says what may not change', async () => {
  const live =
    demo.replace('name: demo', 'name: demo, uid: u, resourceVersion: "5"') + 'status: {replicas: 2}\n';
  const changed = demo.replace('mode: single', 'mode: single, keyPrefix: other');
  const { code, printed } = await run(['--old', 'live', 'new'], { live, new: changed });
  assert.equal(code, 1);
  assert.match(printed.join('\n'), /^new:1: spec\.redis\.keyPrefix: Invalid value: "other": must not change/);
  assert.equal((await run(['new'], { new: changed })).code, 0);
  assert.equal((await run(['--old', 'live', 'live'], { live })).code, 0);
});

it('with another command line than it understands, or a file it cannot read, it says so and how it is used', async () => {
  for (const args of [[], ['--nonsense', 'f'], ['--old']]) {
    const { code, notes } = await run(args);
    assert.equal(code, 2);
    assert.match(notes.join('\n'), /Usage: operator validate/);
  }
  assert.deepEqual(await run(['gone.yaml']), {
    code: 2,
    printed: [],
    notes: ['operator validate: no gone.yaml'],
  });
  const help = await run(['--help']);
  assert.deepEqual([help.code, help.notes], [0, []]);
});
