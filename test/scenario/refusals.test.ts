/** What a scheduler refuses, how it says so, and that it goes on serving everybody else. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { InstanceReport } from '../../common/admin-api.ts';
import { environment, paths } from '../../common/workload.ts';
import { eventually } from '../support/eventually.ts';
import { NodeClient } from '../support/node-client.ts';
import { Program } from '../support/program.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { startScheduler, type Scheduler } from '../support/scheduler.ts';
import { SessionClient } from '../support/session-client.ts';

let directory: string;
let redis: RedisServer;
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lingua-refusals-'));
  redis = await startRedis();
});
after(async () => {
  await redis.stop();
  await rm(directory, { recursive: true });
});

describe('a scheduler that cannot start', () => {
  const run = async (config: string, env: Record<string, string> = {}) => {
    const file = path.join(directory, 'config.toml');
    await writeFile(file, config);
    const program = await Program.start({
      program: 'scheduler',
      args: ['--config', file],
      environment: { LOG_FORMAT: 'pretty', ...env },
    });
    return { exit: await program.exited, output: program.output.trim() };
  };

  it('exits 78 and names every fault of its configuration, with its line', async () => {
    const { exit, output } = await run(
      '[server]\nprot = 1\n[scheduler]\njob_timeout_seconds = "soon"\n[scheduler.phase2]\ninstance_id = "${INSTANCE_ID}"\n',
    );
    assert.equal(exit.code, 78);
    assert.match(output, /config\.toml:2: server\.prot: there is no such key; did you mean server\.port\?/);
    assert.match(output, /config\.toml:4: scheduler\.job_timeout_seconds: found "soon", allowed is a number/);
    assert.match(output, /config\.toml:6: scheduler\.phase2\.instance_id: .*it was never filled in/);
  });

  it("exits 78 with one line when its file is another pod's", async () => {
    const pod = { POD_NAME: 'lingua-0', POD_INDEX: '0' };
    const { exit, output } = await run('[scheduler.phase2]\ninstance_id = "lingua-1"\n', pod);
    assert.equal(exit.code, 78);
    assert.match(output, /not this pod's name/);
    assert.equal(output.split('\n').length, 1, output);
  });

  it('exits 1 with one line that names the port when somebody else listens there', async () => {
    const taken = String(redis.port);
    const { exit, output } = await run(`[server]\nhost = "127.0.0.1"\nport = ${taken}\n`, {
      LOG_LEVEL: 'fatal',
    });
    assert.equal(exit.code, 1);
    assert.match(
      output,
      new RegExp(`^scheduler: cannot listen on 127\\.0\\.0\\.1:${taken} \\(http\\): .*EADDRINUSE`),
    );
  });

  it('exits 78 when another process holds its instance id, which goes on undisturbed', async () => {
    const options = { instanceId: 'twin', redisUrl: redis.url, keyPrefix: 'twins' };
    const config = { scheduler: { phase2: { owner_ttl_seconds: 2 } } };
    const first = await startScheduler({ ...options, config });
    const second = await startScheduler({ ...options, config, untilReady: false });
    await eventually('the second says why it is not ready', async () => {
      const answer = await second.get('/readyz').catch(() => undefined);
      return answer?.status === 503 && answer.body.includes('lease');
    });
    assert.equal((await second.program.exited).code, 78);
    assert.match(second.program.output, /instance_id \\?"twin\\?" is in use by another process/);
    assert.equal((await first.get('/readyz')).status, 200);
    await first.kill();
  });

  it('waits for a Redis that is not there yet, says so, and can be stopped meanwhile', async () => {
    const waiting = await startScheduler({
      instanceId: 'early',
      redisUrl: 'redis://127.0.0.1:1',
      keyPrefix: 'early',
      untilReady: false,
    });
    await eventually('it says that it waits', () =>
      waiting.program.output.includes('still trying to claim the lease'),
    );
    assert.equal((await waiting.get('/livez')).status, 200);
    assert.equal((await waiting.get('/readyz')).status, 503);
    await assert.rejects(SessionClient.connect(waiting.url), /503/);
    assert.equal((await waiting.stop()).code, 0);
  });
});

describe('a scheduler', () => {
  const token = 'a-token';
  let tokenFile: string;
  let scheduler: Scheduler;
  before(async () => {
    tokenFile = path.join(directory, 'token');
    await writeFile(tokenFile, `${token}\n`);
    scheduler = await startScheduler({
      instanceId: 'one',
      redisUrl: redis.url,
      keyPrefix: 'refusals',
      config: { limits: { max_payload_bytes: 65_536, send_queue_bytes: 65_536, max_nodes: 2 } },
      environment: { [environment.adminTokenFile]: tokenFile },
    });
  });
  after(() => scheduler.kill());
  const clients: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  const session = async () => {
    const client = await SessionClient.open(scheduler.url);
    clients.push(client);
    return client;
  };

  const frames: readonly [title: string, frame: string, code: string, text: RegExp][] = [
    ['that is not JSON', '{', 'INVALID_MESSAGE', /not one JSON object/],
    ['without a type', '{}', 'INVALID_MESSAGE', /^type/],
    ['of an unknown type', '{"type":"x"}', 'INVALID_MESSAGE', /"x"/],
    [
      'with a wrong field, by its path',
      '{"type":"session_init","client_version":1}',
      'INVALID_MESSAGE',
      /^client_version/,
    ],
    [
      'of a feature that is not served, by its name',
      '{"type":"room_create"}',
      'UNSUPPORTED_FEATURE',
      /"room_create"/,
    ],
    [
      'that speaks for another session',
      '{"type":"client_heartbeat","session_id":"s-2","timestamp":1}',
      'INVALID_SESSION',
      /"s-2"/,
    ],
  ];
  for (const [title, frame, code, text] of frames) {
    it(`answers a session frame ${title} and keeps the connection`, async () => {
      const client = await session();
      client.sendRaw(frame);
      const error = await client.log.first('error', ({ type }) => type === 'error');
      assert.equal(error['code'], code);
      assert.match(String(error['message']), text);
      client.send({ type: 'client_heartbeat', session_id: client.sessionId, timestamp: 1 });
      await client.log.first('heartbeat', ({ type }) => type === 'server_heartbeat');
    });
  }

  it('refuses a second session on one connection', async () => {
    const client = await session();
    client.send({
      type: 'session_init',
      client_version: '1',
      platform: 'web',
      src_lang: 'zh',
      tgt_lang: 'en',
    });
    const error = await client.log.first('error', ({ type }) => type === 'error');
    assert.match(String(error['message']), /has a session already/);
  });

  it('refuses nodes without a GPU, with an unknown schema, or that speak for another node', async () => {
    const node = await NodeClient.connect(scheduler.url);
    clients.push(node);
    const refused = (code: string) => node.log.first(code, (message) => message['code'] === code);
    node.register({ hardware: { cpu_cores: 1, memory_gb: 1 } });
    await refused('NO_GPU_AVAILABLE');
    node.register({ capability_schema_version: '9' });
    await refused('INVALID_CAPABILITY_SCHEMA');
    node.register({ node_id: 'n-1' });
    await node.log.first('ack', ({ type }) => type === 'node_register_ack');
    node.send({
      type: 'job_result',
      job_id: 'j',
      attempt_id: 1,
      node_id: 'n-2',
      session_id: 's',
      utterance_index: 0,
      success: true,
    });
    await refused('INVALID_MESSAGE');
  });

  it('closes a connection that sends too much at once, with 1009', async () => {
    const client = await session();
    client.sendRaw('x'.repeat(100_000));
    assert.equal((await client.closed).code, 1009);
  });

  it('ignores binary frames, as the original does', async () => {
    const client = await session();
    client.sendRaw(Buffer.from([1, 2, 3]));
    client.send({ type: 'client_heartbeat', session_id: client.sessionId, timestamp: 1 });
    await client.log.first('heartbeat', ({ type }) => type === 'server_heartbeat');
    assert.deepEqual(client.log.ofType('error'), []);
  });

  it('refuses more nodes than it may have, and sockets on other paths', async () => {
    const nodes = [await NodeClient.connect(scheduler.url), await NodeClient.connect(scheduler.url)];
    clients.push(...nodes);
    await assert.rejects(NodeClient.connect(scheduler.url), /503/);
    const elsewhere = new WebSocket(`${scheduler.url.replace('http', 'ws')}/ws/other`);
    await assert.rejects(new Promise((_, reject) => elsewhere.once('error', reject)), /404/);
  });

  const admin = (at: string, init: RequestInit = {}, bearer = token) =>
    fetch(`${scheduler.adminUrl}${at}`, { ...init, headers: { authorization: `Bearer ${bearer}` } });

  it('tells about itself to who has the token, and to nobody else', async () => {
    const response = await admin(paths.adminInstance);
    const report = InstanceReport.parse(await response.json());
    assert.equal(report.instanceId, 'one');
    assert.equal(report.ready, true);
    assert.match(report.configSha256, /^[0-9a-f]{64}$/);
    assert.equal(report.lease.held, true);
    for (const bearer of ['', 'wrong', `${token}x`]) {
      assert.equal((await admin(paths.adminInstance, {}, bearer)).status, 401);
    }
    assert.equal((await fetch(`${scheduler.url}${paths.adminInstance}`)).status, 404);
  });

  it('follows a token that is rotated, and refuses everything while there is none', async () => {
    await writeFile(tokenFile, 'another-token');
    assert.equal((await admin(paths.adminInstance)).status, 401);
    assert.equal((await admin(paths.adminInstance, {}, 'another-token')).status, 200);
    await writeFile(tokenFile, '');
    const response = await admin(paths.adminInstance, {}, '');
    assert.equal(response.status, 401);
    assert.match(await response.text(), /no admin token is configured/);
    await writeFile(tokenFile, token);
    await chmod(tokenFile, 0o600);
  });

  it('drains when it is asked to: refuses newcomers, says when it is done, and stays up to say it', async () => {
    const client = await session();
    assert.equal(
      (await admin(paths.adminDrain, { method: 'POST', body: '{"timeoutSeconds":-1}' })).status,
      400,
    );
    const other = await admin(paths.adminDrain, { method: 'POST', body: '{"podUid":"of-another"}' });
    assert.equal(other.status, 409, 'it is meant for another pod');
    assert.equal((await scheduler.get('/readyz')).status, 200);
    const response = await admin(paths.adminDrain, { method: 'POST' });
    assert.equal(response.status, 202);
    assert.equal(InstanceReport.parse(await response.json()).phase, 'draining');
    assert.equal((await scheduler.get('/readyz')).body, 'draining\n');
    assert.equal((await scheduler.get('/health')).status, 503);
    assert.equal((await client.closed).code, 1001);
    await assert.rejects(SessionClient.connect(scheduler.url), /503/);
    await eventually('the drain is done', async () => {
      const report = InstanceReport.parse(await (await admin(paths.adminInstance)).json());
      return report.drain?.done === true && report.lease.held;
    });
    assert.equal((await scheduler.stop()).code, 0);
  });
});
