/** The figures that the README tells are those of the bench, to the digit. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pageOf } from './pages.ts';

/** Rows of a table by their first cell, under the heading; the first row is the table's own head. */
function rowsUnder(file: string, heading: string): Map<string, readonly string[]> {
  const { text } = pageOf(file);
  const section = text.slice(text.indexOf(`\n## ${heading}\n`) + 1);
  const [, table = ''] = /\n((?:\|.*\n)+)/.exec(section) ?? [];
  const rows = table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return new Map(rows.map(([name = '', ...cells]) => [name, cells]));
}

const median = (cell = ''): string => cell.split(' – ')[1] ?? '';
const bench = (heading: string) => rowsUnder('bench/results.md', heading);

it('the README costs what the bench measured', () => {
  const [one, some, many, idle] = [
    bench('1 in flight'),
    bench('16 in flight'),
    bench('256 in flight'),
    bench('Idle connections'),
  ];
  const systems: Readonly<Record<string, string>> = {
    'this scheduler, every job recorded twice in Redis': 'lingua',
    'this scheduler, session and node on one instance': 'lingua-local',
    'this scheduler, one instance in memory, no Redis': 'lingua-memory',
    'Socket.IO with its Redis streams adapter, no records': 'socketio-streams',
    BullMQ: 'bullmq',
    'a naive stream inbox, as the original does it': 'naive-inbox',
  };
  const told = rowsUnder('README.md', 'What it costs');
  for (const [words, system] of Object.entries(systems)) {
    const cpu = [one, some, many].map((table) => median(table.get(system)?.[0]));
    const measured = [...cpu, median(one.get(system)?.[3]), median(idle.get(system)?.[1])];
    assert.ok(measured[0], `${system} is in the bench`);
    assert.deepEqual(told.get(words), measured, words);
  }
  const times = [one, some, many].map((table) => Number(median(table.get('lingua')?.[1])).toFixed(1));
  const sentence = `${times[0]!} times what Socket.IO takes at 1 in flight, ${times[1]!} times at 16 and ${times[2]!} times at 256`;
  assert.ok(pageOf('README.md').text.includes(sentence), sentence);
});
