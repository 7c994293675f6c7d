import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Processes } from './processes.ts';

const node = (script: string): [string, string, string[]] => ['victim', process.execPath, ['-e', script]];

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('processes of a run', () => {
  it('tell with their own last words when they end by themselves', async () => {
    const child = new Processes().start(...node("console.error('no such key'); process.exit(78)"));
    await assert.rejects(child.crashed, /victim ended by itself \(exit code 78\)[\s\S]*no such key/);
  });

  it('tell when the program cannot be started at all', async () => {
    const child = new Processes().start('victim', '/nonexistent/program', []);
    await assert.rejects(child.crashed, /ENOENT/);
  });

  it('have ended when stop returns, and that is no crash', async () => {
    const child = new Processes().start(...node('setInterval(() => {}, 1000)'));
    await child.stop();
    assert.equal(isAlive(child.pid), false);
    assert.equal(await Promise.race([child.crashed, Promise.resolve('quiet')]), 'quiet');
  });

  it('end at once on an interrupt', async () => {
    const processes = new Processes();
    const child = processes.start(...node("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"));
    processes.killAll();
    await assert.rejects(child.crashed, /SIGKILL/);
  });
});
