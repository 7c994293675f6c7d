/**
 * Does the suite bite? Plants one bug at a time into a copy of the sources and runs the part of the suite that must catch it.
 *
 *   node test/faults/planted.ts [--only TEXT] [--list]
 *
 * Ends with 1 when a bug was not caught, or could not be planted.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { plantedBugs, type PlantedBug } from './planted/bugs.ts';

const { values: asked } = parseArgs({
  options: { only: { type: 'string', default: '' }, list: { type: 'boolean', default: false } },
});

const root = path.resolve(import.meta.dirname, '../..');
const sources = ['common', 'scheduler', 'test', 'package.json'] as const;
const timeoutMs = 300_000;

function copyOfSources(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'lingua-planted-'));
  for (const source of sources) cpSync(path.join(root, source), path.join(copy, source), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/** @throws Error when the text to replace does not stand there exactly once */
function plant(copy: string, { file, replace, by }: PlantedBug): void {
  const target = path.join(copy, file);
  const parts = readFileSync(target, 'utf8').split(replace);
  if (parts.length !== 2)
    throw new Error(`${file} has the text to replace ${parts.length - 1} times, not once`);
  writeFileSync(target, parts.join(by));
}

type Finding = 'caught' | 'not caught' | 'cannot be planted';

function find(bug: PlantedBug): { finding: Finding; output: string } {
  const copy = copyOfSources();
  try {
    plant(copy, bug);
    const args = [...bug.caughtBy, '--seed', '1'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: copy,
      encoding: 'utf8',
      timeout: timeoutMs,
    });
    const output = [stdout, stderr].join('\n');
    return { finding: status !== 0 && bug.says.test(output) ? 'caught' : 'not caught', output };
  } catch (error) {
    return { finding: 'cannot be planted', output: String(error) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const bugs = plantedBugs.filter(({ name }) => name.includes(asked.only));
if (asked.list) for (const { name, caughtBy } of bugs) console.log(`${name}: ${caughtBy.join(' ')}`);
else {
  let caught = 0;
  for (const bug of bugs) {
    const { finding, output } = find(bug);
    if (finding === 'caught') caught += 1;
    console.log(`${finding.padEnd(18)} ${bug.name}: ${bug.caughtBy.join(' ')}`);
    if (finding !== 'caught') console.log(output.slice(-3000));
  }
  console.log(`${caught} of ${bugs.length} planted bugs were caught`);
  process.exitCode = caught === bugs.length ? 0 : 1;
}
