/** The example client and node of the documentation, as their reader runs them. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { Program } from '../support/program.ts';
import { Fleet } from '../scenario/fleet.ts';

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
  await eventually('the node is registered', () => node.output.includes('registered as'), 20_000);
  const client = await run('docs/examples/client.ts', [
    socket('a'),
    socket('b'),
    '--utterances',
    '40',
    '--every',
    '50',
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
