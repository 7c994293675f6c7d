/** The deployment guide, walked from its top to its end on a running fleet, with its own words and the real redis-cli. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { eventually } from '../support/eventually.ts';
import * as guide from '../support/guide.ts';
import type { NodeClient } from '../support/node-client.ts';
import { runTool } from '../support/tool.ts';
import { Fleet } from './fleet.ts';

const run = promisify(execFile);

/** A line of the guide, typed into a shell as it stands. */
async function shell(line: string, port: number, ids: Record<string, string>): Promise<string> {
  const filled = filledIn(line, ids).replace(/^redis-cli/, `redis-cli -p ${String(port)}`);
  return (await run('sh', ['-c', filled])).stdout;
}

const filledIn = (text: string, ids: Record<string, string>): string =>
  text.replace(/<(\w+)>/g, (placeholder, name: string) => ids[name] ?? placeholder);

describe("the guide's configuration", () => {
  it('is accepted as printed, every key is known, and the tool says what differs from the defaults', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lingua-guide-'));
    const file = path.join(directory, 'config.toml');
    writeFileSync(file, guide.guideConfig);
    const { code, stdout } = await runTool(['check-config', '--json', file]);
    rmSync(directory, { recursive: true });
    assert.equal(code, 0, stdout);
    const [checked] = JSON.parse(stdout) as { settings: { key: string }[]; warnings: string[] }[];
    assert.deepEqual(checked?.warnings, []);
    // Everything else the guide prints is a default: who leaves it out gets the same.
    assert.deepEqual(checked.settings.map(({ key }) => key).sort(), [
      'model_hub.base_url',
      'scheduler.phase2.instance_id',
      'scheduler.phase2.redis.key_prefix',
      'scheduler.phase2.redis.url',
    ]);
    assert.ok('phase2' in (parse(guide.guideConfig) as { scheduler: object }).scheduler);
  });
});

describe("the guide's commands, metrics, routes and log lines, on three instances", () => {
  let fleet: Fleet;
  let node: NodeClient;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['scheduler-1', 'scheduler-2', 'scheduler-3'],
      keyPrefix: guide.guidePrefix,
    });
    node = await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-2');
    session.say({ index: 0 });
    await session.result(0);
  });
  after(() => fleet.stop());

  for (const { line, answer } of guide.redisLines) {
    it(line, async () => {
      const ids = { node_id: node.nodeId, instance_id: 'scheduler-3' };
      const expected = new RegExp(filledIn(answer.source, ids), answer.flags);
      let said = '';
      await eventually(`an answer like ${expected.source}`, async () => {
        said = await shell(line, fleet.redis.port, ids);
        return expected.test(said);
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it said: ${said}`);
      });
    });
  }

  for (const { name, labels } of guide.metrics) {
    it(`metric ${name}{${labels.join(',')}}`, async () => {
      const { body } = await fleet.on('scheduler-2').get('/metrics');
      const samples = body.split('\n').filter((line) => new RegExp(`^${name}(_count)?[{ ]`).test(line));
      assert.ok(samples.length > 0, `${name} is not there`);
      for (const sample of samples) {
        const found = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label);
        assert.deepEqual(found.sort(), [...labels].sort(), sample);
        assert.match(sample, / [\d.e+-]+$/);
      }
      assert.match(body, new RegExp(`^# HELP ${name} .+`, 'm'));
    });
  }

  for (const selector of guide.metricSelectors) {
    it(`metric ${selector} counts`, async () => {
      const { body } = await fleet.on('scheduler-1').get('/metrics');
      const sample = body.split('\n').find((line) => line.startsWith(`${selector} `));
      assert.ok(Number(sample?.split(' ')[1]) > 0, sample);
    });
  }

  for (const route of guide.routes) {
    it(`GET ${route.path} on every instance`, async () => {
      for (const id of ['scheduler-1', 'scheduler-2', 'scheduler-3']) {
        const response = await fetch(`${fleet.on(id).url}${route.path}`);
        assert.equal(response.status, 200);
        assert.match(response.headers.get('content-type') ?? '', route.type);
        assert.match(await response.text(), route.body);
      }
    });
  }

  for (const { text, fields } of guide.logEvents) {
    it(`log event ${text}`, () => {
      const lines = fleet
        .output()
        .split('\n')
        .filter((line) => line.includes(`"msg":"${text}"`));
      assert.ok(lines.length > 0);
      for (const field of fields) {
        const value = (JSON.parse(lines[0] ?? '{}') as Record<string, unknown>)[field];
        assert.match(String(value), /^scheduler-\d$/);
      }
    });
  }
});

describe("the guide's situations", () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['scheduler-1', 'scheduler-2', 'scheduler-3'],
      keyPrefix: guide.guidePrefix,
      config: { scheduler: { phase2: { stream_block_ms: 1000 } } },
    });
  });
  after(() => fleet.stop());

  const pending = (instance: string) =>
    shell(
      `redis-cli XPENDING "lingua-prod:streams:{instance:${instance}}:inbox" scheduler`,
      fleet.redis.port,
      {},
    ).then((said) => Number(said.split('\n')[0]));
  const length = (instance: string, stream: 'inbox' | 'dlq') =>
    shell(`redis-cli XLEN "lingua-prod:streams:{instance:${instance}}:${stream}"`, fleet.redis.port, {}).then(
      Number,
    );
  const presence = (instance: string) =>
    shell(`redis-cli GET "lingua-prod:schedulers:presence:${instance}"`, fleet.redis.port, {});

  it('pending grows while an instance hangs, and returns to 0 when it goes on', async () => {
    const node = await fleet.node('scheduler-1', { slots: 4 });
    const session = await fleet.session('scheduler-2');
    const { program } = fleet.on('scheduler-1');
    let said = 0;
    // It is nearly always in a blocking read, which Redis answers whether the process hangs or not: then entries are
    // pending. Between two reads they only lie in the inbox, and another try is needed.
    await eventually('pending grows', async () => {
      program.signal('SIGSTOP');
      try {
        for (let times = 0; times < 4; times++) session.say({ index: said++ });
        await eventually('the inbox grows', async () => (await length('scheduler-1', 'inbox')) > 0);
        return (await pending('scheduler-1')) > 0;
      } finally {
        program.signal('SIGCONT');
      }
    });
    await session.result(said - 1);
    await eventually('inbox and pending are 0', async () => {
      return (await length('scheduler-1', 'inbox')) === 0 && (await pending('scheduler-1')) === 0;
    });
    assert.deepEqual(
      session.answered(),
      Array.from({ length: said }, (_, index) => index),
    );
    await node.close();
  });

  it('a node on A and a session on B go on while C dies', async () => {
    await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-2');
    session.say({ index: 0 });
    await session.result(0);
    await fleet.on('scheduler-3').kill();
    for (let index = 1; index <= 20; index++) session.say({ index });
    await session.result(20);
    assert.deepEqual(session.log.ofType('error'), []);
  });

  it('the presence of an instance that died vanishes, and returns when it is started again', async () => {
    await eventually('it is gone', async () => (await presence('scheduler-3')).trim() === '');
    await fleet.add('scheduler-3');
    assert.match(await presence('scheduler-3'), /"state":"serving"/);
    await eventually('all others see it', async () => {
      const { body } = await fleet.on('scheduler-1').get('/api/v1/cluster');
      return (JSON.parse(body) as { online_instances: number }).online_instances === 3;
    });
  });

  it('an instance that is restarted takes nodes and sessions again, and serves them', async () => {
    await fleet.hangUp();
    assert.equal((await fleet.on('scheduler-1').stop()).code, 0);
    await fleet.add('scheduler-1');
    await fleet.node('scheduler-1');
    const session = await fleet.session('scheduler-1');
    session.say({ index: 0 });
    await session.result(0);
  });

  it('an entry that cannot be delivered reaches the dead letters, and the guide finds it there', async () => {
    const inbox = 'lingua-prod:streams:{instance:scheduler-2}:inbox';
    await shell(`redis-cli XADD "${inbox}" '*' payload 'not JSON'`, fleet.redis.port, {});
    await eventually('the dead letter', async () => (await length('scheduler-2', 'dlq')) === 1);
    assert.equal(await pending('scheduler-2'), 0);
  });
});
