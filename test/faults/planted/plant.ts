/** Plants one bug into a copy of the sources and runs there what must catch it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../support/images.ts';

/**
 * `says` is what the output of the catcher must say, so that a bug is not "caught" by something that merely broke. A text that
 * does not stand in its file exactly once any more is a failure of the run: the lists must follow the code.
 */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly replace: string;
  readonly by: string;
  /** Arguments of Node: a file of the suite and what it is to run. */
  readonly caughtBy: readonly string[];
  readonly says: RegExp;
}

/** The test runner, told to run one test of one file; what fails must be that test, and not the file. */
export const failing = (file: string, test: string): Pick<PlantedBug, 'caughtBy' | 'says'> => {
  const pattern = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return {
    caughtBy: ['--test', '--test-reporter=tap', `--test-name-pattern=${pattern}`, file],
    says: new RegExp(`not ok \\d+ - .*${pattern}`),
  };
};

export interface Found {
  readonly finding: 'caught' | 'not caught' | 'cannot be planted';
  readonly output: string;
}

const sources = [
  ...['common', 'scheduler', 'operator', 'crds', 'manifests', 'test', 'package.json'],
  // What the pages say of reasons, which the world of the operator's tests is held to.
  'docs/generate',
];
const timeoutMs = 300_000;

export function find(bug: PlantedBug): Found {
  const copy = copyOfSources();
  try {
    plant(copy, bug);
    const { status, stdout, stderr } = spawnSync(process.execPath, bug.caughtBy, {
      cwd: copy,
      encoding: 'utf8',
      timeout: timeoutMs,
      env: environment(),
    });
    const output = [stdout, stderr].join('\n');
    return { finding: status !== 0 && bug.says.test(output) ? 'caught' : 'not caught', output };
  } catch (error) {
    return { finding: 'cannot be planted', output: String(error) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** A test runner that is told that it runs inside of another one reports to that one and to nobody else. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_TEST_CONTEXT'));

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
