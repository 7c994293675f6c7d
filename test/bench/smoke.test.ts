/** The bench works: a short run of it over real processes, and what it does when a system fails. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { Processes } from '../../bench/harness/processes.ts';
import { measureTurn } from '../../bench/measure/round-trips.ts';
import { readOptions } from '../../bench/options.ts';
import { runBench } from '../../bench/run.ts';
import { naiveInbox } from '../../bench/systems/naive-inbox/system.ts';
import type { System } from '../../bench/systems/system.ts';

const turn = { workers: 2, inFlight: [1, 4], seconds: 0.5 };
const quiet = () => undefined;

/** A naive inbox whose instances end by themselves after a while. */
const mortal = (afterMs: number): System => ({
  ...naiveInbox,
  name: 'mortal',
  launch: (place) => {
    const bomb = `data:text/javascript,setTimeout(() => process.exit(3), ${String(afterMs)}).unref()`;
    return { args: ['--import', bomb, ...naiveInbox.launch(place).args] };
  },
});

/** A naive inbox whose instance runs `script` instead. */
const broken = (script: string): System => ({
  ...naiveInbox,
  name: 'broken',
  launch: () => ({ args: ['-e', script] }),
});

describe('bench', () => {
  const processes = new Processes();
  after(() => {
    processes.killAll();
  });

  it('measures CPU, speed and Redis, and leaves no process behind', async () => {
    const samples = await measureTurn(naiveInbox, 1, turn, processes);
    assert.deepEqual(
      samples.map(({ inFlight }) => inFlight),
      [1, 4],
    );
    for (const { cpu, tripsPerSecond, p50Ms, p99Ms, redis } of samples) {
      // The kernel counts CPU in steps of 10 ms, so a single part may be 0 in a window this short.
      for (const figure of [cpu.total, tripsPerSecond, p50Ms]) assert.ok(figure > 0);
      assert.ok(p99Ms >= p50Ms);
      assert.ok(Math.abs(cpu.total - cpu.a - cpu.b - cpu.redis) < 1e-6);
      // Two messages of a GET, an EXISTS, an XADD, an XACK and an XDEL, and the reads.
      assert.ok(redis!.commands > 10 && redis!.commands < 14, `${String(redis!.commands)} commands`);
    }
    assert.deepEqual(childrenOfThisProcess(), []);
  });

  it('ends with the words of an instance that cannot start, instead of an empty row', async () => {
    const system = broken("console.error('port is taken'); process.exit(1)");
    const run = runBench({ ...readOptions(['--quick']), systems: [system] }, processes, quiet);
    await assert.rejects(run, (error: Error) => {
      assert.match(error.message, /broken failed in round 1/);
      assert.match(String(error.cause), /instance a of broken ended by itself[\s\S]*port is taken/);
      return true;
    });
    assert.deepEqual(childrenOfThisProcess(), []);
  });

  it('ends when an instance dies under load, and blames the instance rather than its broken connections', async () => {
    const died = measureTurn(mortal(1500), 1, { ...turn, seconds: 30 }, processes);
    await assert.rejects(died, /instance [ab] of mortal ended by itself \(exit code 3\)/);
    assert.deepEqual(childrenOfThisProcess(), []);
  });
});

function childrenOfThisProcess(): string[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === process.pid);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
