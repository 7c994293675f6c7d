import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countsOf } from './redis-server.ts';
import { cpuMs, cpuMsOf, rssBytes } from './usage.ts';

describe('what a process used', () => {
  it('is counted from the right fields even when the name of the program holds brackets and spaces', () => {
    const stat = '77 (a) b (c) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 11 0 1000 1 2';
    assert.equal(cpuMsOf(stat), 3000);
  });

  it('grows when the process works', () => {
    const before = cpuMs(process.pid);
    // By work, not by time: on a busy machine this process may get no CPU for a while.
    const deadline = performance.now() + 10_000;
    while (cpuMs(process.pid) === before) assert.ok(performance.now() < deadline, 'no CPU was counted');
  });

  it('agrees with what the process says of its own memory', () => {
    const own = process.memoryUsage.rss();
    assert.ok(Math.abs(rssBytes(process.pid) - own) < 0.2 * own);
  });
});

describe('what Redis counted', () => {
  it('sums every kind of script call and nothing that only sounds like one', () => {
    const counts = countsOf(
      'total_commands_processed:900\r\ntotal_net_input_bytes:5000\r\ntotal_net_output_bytes:70\r\n',
      'cmdstat_eval:calls=3,usec=1\r\ncmdstat_evalsha:calls=40,usec=1\r\ncmdstat_fcall_ro:calls=2,usec=1\r\ncmdstat_get:calls=500,usec=9\r\ncmdstat_script|load:calls=7,usec=1\r\n',
    );
    assert.deepEqual(counts, { commands: 900, scripts: 45, bytesIn: 5000, bytesOut: 70 });
  });
});
