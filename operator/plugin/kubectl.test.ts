import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toAppError } from '../../common/errors.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

/** Tells what it was given, or fails as the real one does. */
const standIn = `#!${process.execPath}
const args = process.argv.slice(2);
if (args.includes('forbidden')) {
  console.error('Error from server (Forbidden): User "anna" cannot get resource "pods" in API group "" in the namespace "x"');
  process.exit(1);
}
if (args.includes('--follow')) {
  console.log('one');
  process.stdout.write('two');
  setInterval(() => {}, 1000);
} else process.stdin.on('data', () => {}).on('end', () => console.log(JSON.stringify(args)));
`;

let directory: string;
let kubectl: Kubectl;
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lingua-kubectl-'));
  const program = path.join(directory, 'kubectl');
  writeFileSync(program, standIn);
  chmodSync(program, 0o755);
  kubectl = createKubectl({ program, connection: ['--context=c'] });
});
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('kubectl as a child process', () => {
  it('is told which cluster before anything else, so that a command for a pod stays whole', async () => {
    const said = await kubectl.json(['exec', 'p', '--', 'node', '-v']);
    assert.deepEqual(said, ['--context=c', 'exec', 'p', '--', 'node', '-v', '-o', 'json']);
  });

  it('fails with what to do', async () => {
    await assert.rejects(kubectl.text(['forbidden']), (error) => {
      assert.equal(toAppError(error).code, 'forbidden');
      assert.match(toAppError(error).message, /^anna may not get pods in namespace x\n/);
      return true;
    });
  });

  it('hands lines over as they come, and ends when nobody wants more', async () => {
    const enough = new AbortController();
    const lines: string[] = [];
    const onLine = (line: string) => {
      lines.push(line);
      enough.abort();
    };
    await kubectl.lines(['--follow'], onLine, enough.signal);
    assert.equal(lines[0], 'one');
  });

  it('that is not there is named, with what to do', async () => {
    const missing = createKubectl({ program: path.join(directory, 'nothing'), connection: [] });
    await assert.rejects(
      missing.text(['get']),
      /cannot run .*nothing: .*; it must be on PATH, or named in KUBECTL/,
    );
    const { signal } = new AbortController();
    await assert.rejects(
      missing.lines(['logs'], () => undefined, signal),
      /cannot run .*nothing/,
    );
  });
});
