/** The probe of a route between real processes: what it says, and that nothing of it stays in Redis. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { ProbeReport } from '../../common/admin-api.ts';
import { environment, paths } from '../../common/workload.ts';
import { eventually } from '../support/eventually.ts';
import { Fleet } from './fleet.ts';

const token = 'a-token-of-a-test';

describe('the probe of a route between two instances around one Redis', () => {
  let fleet: Fleet;
  let directory: string;
  let withToken: { environment: Record<string, string> };

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lingua-probe-'));
    const tokenFile = path.join(directory, 'token');
    await writeFile(tokenFile, token);
    withToken = { environment: { [environment.adminTokenFile]: tokenFile } };
    fleet = await Fleet.start({ instances: [] });
    await Promise.all(['one', 'two'].map((id) => fleet.add(id, undefined, withToken)));
  });
  afterEach(() => fleet.disconnectAll());
  after(async () => {
    await fleet.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const ask = (from: string, body: string, bearer = token): Promise<Response> =>
    fetch(`${fleet.on(from).adminUrl}${paths.adminProbe}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body,
      signal: AbortSignal.timeout(60_000),
    });

  /** Asks again when one has just run. */
  const probe = (from: string, target: string): Promise<ProbeReport> =>
    eventually('the probe runs', async () => {
      const response = await ask(from, JSON.stringify({ target }));
      const body: unknown = await response.json();
      return response.status === 429 ? undefined : ProbeReport.parse(body);
    });

  const keysOfProbes = () => fleet.keys.keys(`${fleet.keyPrefix}:*probe-*`);
  const dueJobs = async () => {
    const indexes = await fleet.keys.keys(`${fleet.keyPrefix}:v1:*:due`);
    return (await Promise.all(indexes.map((key) => fleet.keys.zcard(key)))).filter((count) => count > 0);
  };
  const nothingIsLeft = () =>
    eventually(
      'nothing of a probe is in Redis',
      async () => (await keysOfProbes()).length === 0 && (await dueJobs()).length === 0,
      80_000,
    );

  for (const [from, to] of [
    ['one', 'two'],
    ['two', 'one'],
    ['one', 'one'],
  ] as const) {
    it(`goes from ${from} to ${to} and back, past a real node, and leaves nothing behind`, async () => {
      const node = await fleet.node(to);
      const report = await probe(from, to);
      assert.deepEqual(
        { ...report, tookMs: 0 },
        { session: from, node: to, outcome: 'answered', detail: '', tookMs: 0 },
      );
      await nothingIsLeft();
      assert.deepEqual(node.jobs(), []);
      const { body } = await fleet.on(from).get(paths.metrics);
      assert.match(body, /^scheduler_jobs_total\{status="accepted"\} 0$/m);
    });
  }

  it('wants the token, and the name of an instance', async () => {
    assert.equal((await ask('one', '{"target":"two"}', 'wrong')).status, 401);
    assert.equal((await ask('one', '')).status, 400);
    assert.equal((await ask('one', '{"target":"two} words"}')).status, 400);
  });

  it('to an instance that hangs is unanswered, and what it wrote ends', async () => {
    // Its lease outlives the test, or others would reap it and answer in its place.
    const config = { scheduler: { phase2: { owner_ttl_seconds: 60 } } };
    const { program } = await fleet.add('hangs', config, withToken);
    program.signal('SIGSTOP');
    try {
      assert.equal((await probe('one', 'hangs')).outcome, 'unanswered');
      await nothingIsLeft();
    } finally {
      await program.kill();
    }
  });

  it('of an instance that is killed in the middle comes to no node, and what it wrote ends', async () => {
    const node = await fleet.node('two');
    const [hanging, dying] = [
      await fleet.add('hangs-too', undefined, withToken),
      await fleet.add('dies', undefined, withToken),
    ];
    hanging.program.signal('SIGSTOP');
    try {
      const asked = ask('dies', '{"target":"hangs-too"}').catch(() => undefined);
      await eventually('its job is recorded', async () => (await dueJobs()).length > 0);
      await dying.kill();
      await asked;
      await nothingIsLeft();
      assert.deepEqual(node.jobs(), []);
    } finally {
      await hanging.kill();
    }
  });
});
