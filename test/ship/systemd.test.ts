/** The unit of systemd agrees with the program, and systemd itself finds no fault in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { terminationGraceSeconds } from '../../common/workload.ts';
import { Config } from '../../scheduler/config/schema.ts';
import { pageOf } from '../docs/pages.ts';
import { root } from '../support/images.ts';

const unit = await readFile(path.join(root, 'deploy/systemd/lingua-scheduler.service'), 'utf8');
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

it('the unit gives a drain the time that its configuration allows by default', () => {
  const { scheduler } = Config.parse({});
  assert.equal(Number(setting('TimeoutStopSec')), terminationGraceSeconds(scheduler.drain_timeout_seconds));
});

it('the container that the documentation starts has that time too, and a root it cannot write to', () => {
  const lines = pageOf('docs/without-kubernetes.md').fences.map(({ text }) =>
    text.replaceAll(/\\\n\s*/g, ''),
  );
  const run =
    lines
      .join('\n')
      .split('\n')
      .find((line) => line.startsWith('docker run ')) ?? '';
  assert.equal(/--stop-timeout (\d+)/.exec(run)?.[1], setting('TimeoutStopSec'));
  assert.match(run, / --read-only /);
});

it('the unit starts the bundle with the options of the image', async () => {
  const dockerfile = await readFile(path.join(root, 'Dockerfile.scheduler'), 'utf8');
  const [, words = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const [, ...options] = (JSON.parse(words) as string[]).slice(0, -1);
  const [, ...started] = setting('ExecStart').split(' ');
  assert.deepEqual(started.slice(0, options.length), options);
  assert.equal(started[options.length], '/opt/lingua/scheduler.mjs');
});

it('systemd finds no fault in the unit', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-unit-'));
  try {
    const file = path.join(directory, 'lingua-scheduler.service');
    // It also looks whether the program is there; the one that runs this test is.
    await writeFile(file, unit.replace('ExecStart=/usr/bin/node', `ExecStart=${process.execPath}`));
    const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', file]);
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('lingua-scheduler'));
    assert.deepEqual(said, []);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
