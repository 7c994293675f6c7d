/** The examples of the documentation: the client and the node, as their reader runs them, and each object and file that is shown. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { validate } from '../../operator/validate/command.ts';
import { parseConfig } from '../../scheduler/config/load.ts';
import { eventually } from '../support/eventually.ts';
import { Program } from '../support/program.ts';
import { Fleet } from '../scenario/fleet.ts';
import { pages } from './pages.ts';

let fleet: Fleet;
const programs: Program[] = [];

before(async () => {
  fleet = await Fleet.start({ instances: ['a', 'b', 'c'] });
});

after(async () => {
  await Promise.all(programs.map((program) => program.kill()));
  await fleet.stop();
});

async function run(program: 'docs/examples/client.ts' | 'docs/examples/node.ts', args: readonly string[]) {
  const started = await Program.start({ program, args });
  programs.push(started);
  return started;
}

const socket = (id: string): string => fleet.on(id).url.replace('http', 'ws');

it('the example client gets every answer, although its instance is killed and it has to resume on another', async () => {
  const node = await run('docs/examples/node.ts', [socket('c'), '--takes', '50']);
  await eventually('the node is registered', () => node.output.includes('registered as'));
  const client = await run('docs/examples/client.ts', [
    socket('a'),
    socket('b'),
    '--utterances',
    '40',
    '--every',
    '150',
  ]);
  await eventually('some are answered', () => client.output.includes('\n5: '), 30_000);
  await fleet.on('a').kill();
  const { code } = await client.exited;
  assert.equal(code, 0);
  assert.match(client.output, /connection ended \(1006\); trying ws:/);
  assert.match(client.output, /40 of 40 utterances answered/);
  for (let index = 0; index < 40; index += 1) {
    const line = `${String(index)}: [en] utterance ${String(index)}`;
    assert.equal(client.output.split('\n').filter((printed) => printed === line).length, 1, line);
  }
});

describe('what a page shows', () => {
  const shown = (language: string) =>
    pages.flatMap(({ file, fences }) =>
      fences.filter((fence) => fence.language === language).map(({ text, line }) => ({ file, text, line })),
    );
  /** A part of an object stands for an object with that part. */
  const whole = 'apiVersion: lingua.dev/v1alpha1\nkind: SchedulerCluster\nmetadata: { name: shown }\n';

  for (const { file, text, line } of shown('yaml')) {
    it(`as an object is one that the API takes: ${file}:${String(line)}`, async () => {
      const said: string[] = [];
      const say = (words: string) => void said.push(words);
      const part = text.startsWith('spec:');
      const manifest = part ? `${whole}${text}\n  image: lingua-scheduler:0.1.0\n` : text;
      await validate(['--strict', '-'], { read: () => Promise.resolve(manifest), print: say, note: say });
      assert.deepEqual(said, []);
    });
  }

  for (const { file, text, line } of shown('toml')) {
    it(`as a configuration is one: ${file}:${String(line)}`, () => {
      assert.doesNotThrow(() => parseConfig(text, file));
    });
  }

  it('is looked at', () => {
    assert.ok(shown('yaml').length >= 4 && shown('toml').length >= 4);
  });
});
