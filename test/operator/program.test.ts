/** The operator as a process: what it says and how it ends when it cannot work. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { it } from 'node:test';
import { version } from '../../common/version.ts';

const main = path.resolve(import.meta.dirname, '../../operator/main.ts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ended> {
  const options = { env: { LOG_FORMAT: 'json' }, timeout: 90_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

it('tells its version and its flags', async () => {
  assert.equal((await run('--version')).stdout, `${version}\n`);
  assert.match((await run('--help')).stdout, /--namespace/);
});

it('refuses a flag it does not know, with the list of those it does', async () => {
  const { code, stderr } = await run('--nonsense');
  assert.equal(code, 78);
  assert.match(stderr, /--nonsense/);
  assert.match(stderr, /--metrics-port/);
});

it('refuses a kubeconfig that is not there, and names the file', async () => {
  const { code, stdout } = await run('--kubeconfig=/nowhere/config', '--metrics-port=0');
  assert.equal(code, 78);
  assert.match(stdout, /\/nowhere\/config/);
});
