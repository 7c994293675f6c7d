/** The scheduler's tools as a person uses them, on fleets that run and on a Redis that does not. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'smol-toml';
import { eventually } from '../support/eventually.ts';
import { connect, startRedisCluster, type RedisCluster } from '../support/redis.ts';
import { runTool } from '../support/tool.ts';
import { Fleet } from './fleet.ts';

interface Listed {
  instance_id: string;
  alive: boolean;
  dead_letters: number;
  entries: { id: string; about: string; reason: string }[];
}

const directory = mkdtempSync(path.join(tmpdir(), 'lingua-tools-'));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

function configFile(name: string, phase2: Record<string, unknown>): string {
  const file = path.join(directory, `${name}.toml`);
  writeFileSync(file, stringify({ scheduler: { phase2 } }));
  return file;
}

const hint = (job: string, instance: string) => ({
  type: 'assign',
  job_id: job,
  session_id: 's-1',
  attempt: 1,
  node_id: 'n-1',
  from: instance,
  audio: 'c2VjcmV0',
});

describe('scheduler check-config', () => {
  it('finds an instance id that the scheduler would refuse, with its line', async () => {
    const file = configFile('unfilled', { instance_id: '${INSTANCE_ID}' });
    const { code, stdout } = await runTool(['check-config', file]);
    assert.equal(code, 78);
    assert.match(
      stdout,
      /unfilled\.toml:2: scheduler\.phase2\.instance_id: found "\$\{INSTANCE_ID\}", allowed is/,
    );
  });

  it('tells all faults of all files at once, with lines, and exits 78', async () => {
    const file = path.join(directory, 'faulty.toml');
    writeFileSync(file, '[server]\nprt = 1\n[scheduler]\njob_timeout_seconds = "x"\n');
    const { code, stdout } = await runTool(['check-config', file, path.join(directory, 'missing.toml')]);
    assert.equal(code, 78);
    assert.match(stdout, /faulty\.toml:2: server\.prt: .*did you mean server\.port\?/);
    assert.match(stdout, /faulty\.toml:4: scheduler\.job_timeout_seconds: found "x"/);
    assert.match(stdout, /missing\.toml: cannot be read/);
  });

  it('prints what differs from the defaults, without passwords, and finds two files that are one instance', async () => {
    const redis = { url: 'redis://user:hunter2@r:1', key_prefix: 'p' };
    const [one, two] = ['one', 'two'].map((name) => configFile(name, { instance_id: 'same', redis }));
    assert.ok(one && two);
    const alone = await runTool(['check-config', one]);
    assert.equal(alone.code, 0);
    assert.match(alone.stdout, /scheduler\.phase2\.redis\.url\s+= "redis:\/\/\*\*\*@r:1"/);
    const both = await runTool(['check-config', '--json', one, two]);
    assert.equal(both.code, 78);
    assert.ok(!both.stdout.includes('hunter2'));
    const [, second] = JSON.parse(both.stdout) as { ok: boolean; faults: { key: string }[] }[];
    assert.equal(second?.faults[0]?.key, 'scheduler.phase2.instance_id');
  });
});

describe('with a fleet on one Redis', () => {
  let fleet: Fleet;
  let file: string;
  before(async () => {
    fleet = await Fleet.start({ instances: ['scheduler-1', 'scheduler-2'] });
    const redis = { url: fleet.redis.url, key_prefix: fleet.keyPrefix };
    file = configFile('fleet', { instance_id: 'scheduler-1', redis });
  });
  after(() => fleet.stop());

  const bury = async (instance: string, payload: string): Promise<string> => {
    const client = connect(fleet.redis.port);
    try {
      const fields = ['payload', payload, 'src_stream', 'x', 'src_id', '1-1', 'deliveries', '10'];
      const key = `${fleet.keyPrefix}:streams:{instance:${instance}}:dlq`;
      return String(
        await client.call('XADD', key, '*', ...fields, 'moved_at_ms', '5', 'reason', 'max_deliveries'),
      );
    } finally {
      client.disconnect();
    }
  };
  const list = async (...args: string[]): Promise<Listed[]> => {
    const { code, stdout, stderr } = await runTool(['dlq', 'list', '--json', '--config', file, ...args]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Listed[];
  };

  it('the doctor names the instances and what to mend, and is content', async () => {
    const { code, stdout } = await runTool(['doctor', '--config', file]);
    assert.equal(code, 0, stdout);
    for (const line of [
      /^ok +redis +reachable/m,
      /^ok +round trip +answers in/m,
      /^ok +eviction .* noeviction/m,
      /^warn +persistence .* -> CONFIG SET appendonly yes/m,
      /^ok +key prefix \S+ +used by scheduler-1, scheduler-2/m,
      /^ok +instance ids +each is one process/m,
      /^ok +dead letters scheduler-2 +none/m,
    ])
      assert.match(stdout, line);
  });

  it('the doctor fails on a policy that evicts, and says how to mend it', async () => {
    const client = connect(fleet.redis.port);
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const { code, stdout } = await runTool(['doctor', '--json', '--config', file]);
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    client.disconnect();
    assert.equal(code, 1);
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { level: string; remedy?: string }[];
    };
    assert.equal(ok, false);
    assert.deepEqual(
      findings.filter(({ level }) => level === 'fail').map(({ remedy }) => /noeviction/.test(remedy ?? '')),
      [true],
    );
  });

  it('the doctor sees an instance id that two processes use', async () => {
    const client = connect(fleet.redis.port);
    const key = `${fleet.keyPrefix}:schedulers:presence:scheduler-2`;
    // As the original does it: it writes its presence whoever else has the id.
    const intruder = JSON.stringify({
      instance_id: 'scheduler-2',
      started_at: 1,
      hostname: 'intruder',
      pid: 7,
      version: '0',
      state: 'serving',
    });
    // The rightful holder writes its own again and again, so the intruder has to as well.
    const writing = setInterval(() => void client.set(key, intruder, 'EX', 10), 5);
    let output = '';
    try {
      await eventually(
        'the doctor notices',
        async () => {
          const { code, stdout } = await runTool(['doctor', '--config', file]);
          output = stdout;
          return code === 1;
        },
        45_000,
      );
    } finally {
      clearInterval(writing);
      client.disconnect();
    }
    assert.match(output, /^fail +instance ids +two processes are scheduler-2: intruder\/7/m);
  });

  it('dead letters of living and dead instances are listed, and shown without audio', async () => {
    const id = await bury('scheduler-1', JSON.stringify([hint('j-1', 'scheduler-2')]));
    await bury('long-gone', 'not JSON \u001b[2J');
    const boxes = await list();
    const of = (instance: string) => boxes.find((box) => box.instance_id === instance);
    assert.equal(of('scheduler-1')?.entries[0]?.about, 'assign s-1/j-1');
    assert.deepEqual([of('long-gone')?.alive, of('long-gone')?.dead_letters], [false, 1]);
    assert.equal(of('scheduler-2')?.dead_letters, 0);

    const shown = await runTool(['dlq', 'show', '--config', file, '--instance', 'scheduler-1', id]);
    assert.match(shown.stdout, /"job_id": "j-1"/);
    assert.ok(!shown.stdout.includes('c2VjcmV0'));
    const unreadable = await runTool(['dlq', 'show', '--config', file, '--instance', 'long-gone']);
    assert.match(unreadable.stdout, /cannot be read: not JSON \?/);
    const nothing = await runTool(['dlq', 'show', '--config', file, '--instance', 'scheduler-1', '1-1']);
    assert.equal(nothing.code, 1);
    assert.match(nothing.stdout, /has no dead letter 1-1/);
  });

  it('a replayed dead letter is handled by the instance, and gone', async () => {
    const [box] = await list('--instance', 'scheduler-1');
    const id = box?.entries[0]?.id ?? '';
    const { code, stdout } = await runTool([
      'dlq',
      'replay',
      '--config',
      file,
      '--instance',
      'scheduler-1',
      id,
    ]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /replayed/);
    assert.equal((await list('--instance', 'scheduler-1'))[0]?.dead_letters, 0);
    await eventually('the inbox is empty again', async () => {
      const { body } = await fleet.on('scheduler-1').get('/api/v1/cluster');
      const { total_pending } = JSON.parse(body) as { total_pending: number };
      return total_pending === 0;
    });
  });

  it('one that nobody would read is kept, and can be sent to another instance', async () => {
    const kept = await runTool(['dlq', 'replay', '--config', file, '--instance', 'long-gone', '--all']);
    assert.equal(kept.code, 1);
    assert.match(kept.stdout, /kept: the instance does not live; name another one with --to/);
    const id = await bury('long-gone', JSON.stringify([hint('j-2', 'scheduler-1')]));
    const sent = await runTool([
      'dlq',
      'replay',
      '--config',
      file,
      '--instance',
      'long-gone',
      id,
      '--to',
      'scheduler-2',
    ]);
    assert.equal(sent.code, 0, sent.stdout);
    assert.equal((await list('--instance', 'long-gone'))[0]?.dead_letters, 1);
  });

  it('all of them are all, however many: replayed and dropped', async (t) => {
    // More than are read at a time.
    const many = 620;
    const client = connect(fleet.redis.port);
    t.after(() => {
      client.disconnect();
    });
    const key = `${fleet.keyPrefix}:streams:{instance:crowded}:dlq`;
    const payload = JSON.stringify([hint('j-3', 'crowded')]);
    const buryMany = async (from: number) => {
      const fields = ['payload', payload, 'deliveries', '10', 'moved_at_ms', '5', 'reason', 'max_deliveries'];
      const batch = client.pipeline();
      for (let n = from; n < from + many; n++) batch.xadd(key, `${String(n)}-0`, ...fields);
      await batch.exec();
    };
    const tool = (...args: string[]) => runTool(['dlq', ...args, '--config', file, '--instance', 'crowded']);

    await buryMany(1);
    const replayed = await tool('replay', '--all', '--to', 'scheduler-1');
    assert.equal(replayed.stdout.match(/ replayed$/gm)?.length, many, replayed.stdout);
    await buryMany(1000);
    const few = await tool('drop', '--all', '--limit', '7', '--yes');
    assert.match(few.stdout, /crowded: dropped 7 dead letters/);
    const rest = await tool('drop', '--all', '--yes');
    assert.match(rest.stdout, new RegExp(`crowded: dropped ${String(many - 7)} dead letters`));
    const [box] = await list('--instance', 'crowded');
    assert.equal(box?.dead_letters, 0);
  });

  it('nothing is dropped without --yes', async () => {
    const asked = await runTool(['dlq', 'drop', '--config', file, '--all']);
    assert.equal(asked.code, 1);
    assert.match(asked.stdout, /1 dead letter of long-gone \(dead\) would be removed for good; say --yes/);
    const done = await runTool(['dlq', 'drop', '--config', file, '--all', '--yes']);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /long-gone: dropped 1 dead letter/);
    assert.ok((await list()).every(({ dead_letters }) => dead_letters === 0));
  });
});

describe('with a Redis cluster', () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster.stop());

  it('the doctor looks at every master, and dead letters are found on all of them', async () => {
    const file = configFile('cluster', { redis: { mode: 'cluster', cluster_urls: [...cluster.urls] } });
    const { code, stdout } = await runTool(['doctor', '--config', file]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /mode +cluster of 3 masters/);
    for (const port of cluster.ports) assert.match(stdout, new RegExp(`version \\S*:${String(port)} `));
    const dropped = await runTool(['dlq', 'list', '--config', file]);
    assert.equal(dropped.code, 0, dropped.stderr);
  });

  it('the doctor says when the configuration takes the cluster for a single server', async () => {
    const file = configFile('not-single', { redis: { mode: 'single', url: cluster.urls[0] ?? '' } });
    const { code, stdout } = await runTool(['doctor', '--config', file]);
    assert.equal(code, 1);
    assert.match(stdout, /^fail +mode .*-> set \[scheduler\.phase2\.redis\] mode = "cluster"/m);
  });
});

describe('without Redis', () => {
  for (const tool of [['doctor'], ['dlq', 'list']]) {
    it(`${tool.join(' ')} says so within seconds, without the password, and exits 1`, async () => {
      const file = configFile('away', { redis: { url: 'redis://u:hunter2@127.0.0.1:1' } });
      const began = performance.now();
      const { code, stdout, stderr } = await runTool([...tool, '--config', file]);
      assert.equal(code, 1);
      assert.match(stdout + stderr, /ECONNREFUSED/);
      assert.ok(!(stdout + stderr).includes('hunter2'));
      assert.ok(performance.now() - began < 15_000);
    });
  }

  it('phase 2 off leaves nothing to look at: dlq exits 78', async () => {
    const { code, stderr } = await runTool([
      'dlq',
      'list',
      '--config',
      configFile('off', { enabled: false }),
    ]);
    assert.equal(code, 78);
    assert.match(stderr, /phase2 is off/);
  });
});
