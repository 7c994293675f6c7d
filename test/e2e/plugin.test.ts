/** `kubectl lingua`, built and run by the real kubectl on a fleet, as the people who look after one do. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { installPlugin, type Plugin } from '../support/plugin.ts';
import { clusterManifest } from '../support/pocket.ts';
import { SessionClient } from '../support/session-client.ts';
import { place, socketUrl, type Place } from './place.ts';

const cluster = await target();
const { lacks, kubeconfig } = cluster;

const name = 'spoken';

/** What must not get into a report, at every place where a person can put it. */
const planted = 'correct-horse-battery-staple';

/** A drain goes on for so long when somebody is connected. */
const config = { scheduler: { endpointGraceSeconds: 8 } };

function manifest(redisUrl: string): string {
  const cluster = JSON.parse(clusterManifest({ name, redisUrl, config })) as {
    metadata: object;
    spec: object;
  };
  Object.assign(cluster.metadata, { annotations: { 'example.com/note': planted } });
  Object.assign(cluster.spec, {
    env: [{ name: 'MINE', value: planted }],
    podAnnotations: { 'example.com/key': planted },
  });
  return JSON.stringify(cluster);
}

describe('kubectl lingua', { skip: lacks.programs }, () => {
  let here: Place;
  let lingua: Plugin;
  /** Acts as somebody who may see fleets and pods, and nothing else. */
  let viewer: string;
  before(async () => {
    here = await place();
    await here.kubectl(['apply', '-f', '-'], manifest(here.redis.url));
    lingua = await installPlugin(kubeconfig);
    await here.ready(name);
  });
  after(() => lingua.remove());

  /** Until it is stopped, which answers with its exit code. */
  function followLogs() {
    const child = spawn('kubectl', ['lingua', 'logs', '-f'], {
      env: { ...process.env, PATH: lingua.path, KUBECONFIG: kubeconfig },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (data: string) => (said += data));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return {
      said: () => said,
      stop: () => {
        child.kill('SIGINT');
        return ended;
      },
    };
  }

  describe('looks', () => {
    it('at the only fleet of the namespace, on one screen without colours', async () => {
      const screen = await lingua(['status']);
      assert.match(screen, /^spoken in default: Ready\n/);
      assert.match(screen, /instances +2 wanted, 2 made, 2 ready, 2 up to date/);
      assert.match(screen, /ok +Ready, Available,/);
      assert.match(screen, /spoken-0 +Ready +0 /);
      assert.ok(!screen.includes('\u001b'));
      assert.ok(screen.split('\n').length <= 40, screen);
    });

    it('at all fleets, a line each', async () => {
      assert.match(
        await lingua(['status', '-A']),
        /^NAMESPACE +NAME .*\ndefault +spoken +2\/2 +yes +FleetReady/,
      );
    });

    it('at instances, also for a script', async () => {
      assert.match(await lingua(['instances', name]), /^ID +STATE.*\nspoken-0 +Ready .*\nspoken-1 +Ready /);
      const told = JSON.parse(await lingua(['instances', '-o', 'json'])) as { id: string; ready: boolean }[];
      assert.deepEqual(
        told.map(({ id, ready }) => [id, ready]),
        [
          ['spoken-0', true],
          ['spoken-1', true],
        ],
      );
      assert.match(await lingua(['status', '-o', 'yaml']), /^name: spoken\nnamespace: default\n/);
    });
  });

  describe('reads logs', () => {
    it('of all instances in the order of time, each line with its instance', async () => {
      const lines = (await lingua(['logs', '--tail', '50'])).trimEnd().split('\n');
      assert.deepEqual(
        new Set(lines.map((line) => /^\[(.*?)\] \{/.exec(line)?.[1])),
        new Set(['spoken-0', 'spoken-1']),
      );
      const times = lines.map((line) => /"time":"([^"]+)"/.exec(line)?.[1] ?? '');
      assert.deepEqual(times, times.toSorted());
    });

    it('of one, by its number', async () => {
      const lines = (await lingua(['logs', '1', '--tail', '2'])).trimEnd().split('\n');
      assert.equal(lines.length, 2);
      assert.ok(lines.every((line) => line.startsWith('[spoken-1] ')));
    });
  });

  describe('sees to what is inside', { skip: lacks.logs }, () => {
    const bury = (payload: string): Promise<string> =>
      here.redisCli(
        ...[
          'XADD',
          `lingua-prod:streams:{instance:${name}-0}:dlq`,
          '*',
          'payload',
          payload,
          'src_stream',
          'x',
        ],
        ...['src_id', '1-1', 'deliveries', '10', 'moved_at_ms', '5', 'reason', 'max_deliveries'],
      );

    it('asks the doctor, who is content', async () => {
      const said = await lingua(['doctor']);
      assert.match(said, /^ok +Ready +FleetReady$/m);
      assert.match(said, /^ok +redis +reachable$/m);
      assert.match(said, /^ok +admin token /m);
    });

    it('lists, shows, replays and drops dead letters', async () => {
      const hint = {
        type: 'assign',
        job_id: 'j',
        session_id: 's',
        attempt: 1,
        node_id: 'n',
        from: `${name}-1`,
      };
      const entry = await bury(JSON.stringify([hint]));
      await bury('not JSON');
      const [listed, shown] = await Promise.all([
        lingua(['dlq', 'list']),
        lingua(['dlq', name, 'show', '-o', 'yaml']),
      ]);
      assert.match(listed, new RegExp(`spoken-0: 2 dead letters\\n {2}${entry} .*assign s/j`));
      assert.match(shown, new RegExp(`^- instance_id: spoken-0\\n {2}id: ${entry}`));
      assert.match(
        await lingua(['dlq', 'replay', entry, '--instance', `${name}-0`]),
        /-> spoken-0 +replayed/,
      );
      // The tool's own words and exit code come through.
      const { code, stdout } = await lingua.try(['dlq', 'drop', '--all']);
      assert.equal(code, 1);
      assert.match(stdout, /1 dead letter of spoken-0 would be removed for good; say --yes/);
    });
  });

  describe('makes a report', { skip: lacks.logs }, () => {
    let directory: string;
    before(async () => {
      directory = await mkdtemp(path.join(tmpdir(), 'lingua-report-'));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    it('of everything but secrets, in one archive', async () => {
      const file = path.join(directory, 'report.tar.gz');
      const { code, stderr } = await lingua.try(['report', '--file', file]);
      assert.deepEqual([code, stderr], [0, '']);
      execFileSync('tar', ['xzf', file, '--strip-components=1'], { cwd: directory });
      const names = (await readdir(directory, { recursive: true })).filter((found) => /\.\w+$/.test(found));
      const texts = new Map(
        await Promise.all(
          names.map(async (found) => [found, await readFile(path.join(directory, found), 'utf8')] as const),
        ),
      );
      assert.match(texts.get('README.txt') ?? '', /Nothing was left out\./);
      assert.match(texts.get('doctor.txt') ?? '', /^ok +redis +reachable$/m);
      assert.match(texts.get('status.txt') ?? '', /^spoken in default: Ready/);
      assert.match(texts.get('events.txt') ?? '', /FleetReady/);
      for (const id of [`${name}-0`, `${name}-1`]) {
        assert.match(texts.get(`logs/${id}.now.log`) ?? '', /scheduler starting/);
        assert.match(texts.get(`metrics/${id}.prom`) ?? '', /^scheduler_sessions_total 0$/m);
        assert.match(texts.get(`objects/pods/${id}.yaml`) ?? '', /name: MINE\n +value: <removed>/);
      }
      const secret = await here.kubectl(['get', 'secret', `${name}-admin`, '-o', 'jsonpath={.data.token}']);
      const token = Buffer.from(secret, 'base64').toString();
      assert.ok(token.length >= 32);
      for (const [found, text] of texts)
        for (const hidden of [planted, token, secret])
          assert.ok(!text.includes(hidden), `${found} holds ${hidden}`);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    });

    it('of what one may see, and names the rest', async () => {
      await here.kubectl(['create', 'serviceaccount', 'viewer']);
      await here.kubectl([
        'create',
        'role',
        'viewer',
        '--verb=list',
        '--resource=schedulerclusters.lingua.dev,pods',
      ]);
      await here.kubectl([
        'create',
        'rolebinding',
        'viewer',
        '--role=viewer',
        '--serviceaccount=default:viewer',
      ]);
      viewer = await cluster.kubeconfigFor('system:serviceaccount:default:viewer');
      const { code, stderr } = await lingua.try(['report', '--file', path.join(directory, 'less')], {
        kubeconfig: viewer,
      });
      assert.equal(code, 0);
      assert.match(
        stderr,
        /left out: log of spoken-0 \(now\): system:serviceaccount:default:viewer may not get pods in namespace default\n/,
      );
      assert.match(
        await readFile(path.join(directory, 'less/README.txt'), 'utf8'),
        /What could not be had:\n.*may not/,
      );
    });
  });

  describe('steers updates', () => {
    const annotations = (): Promise<string> =>
      here.kubectl(['get', 'lsc', name, '-o', 'jsonpath={.metadata.annotations}']);

    it('holds them and lets them go on', async () => {
      assert.match(await lingua(['pause']), /^spoken is paused/);
      assert.match(await annotations(), /"lingua.dev\/paused":"true"/);
      assert.match(await lingua(['pause', name]), /paused already/);
      assert.match(await lingua(['status']), /paused \(kubectl lingua resume\)/);
      assert.match(await lingua(['resume', name]), /goes on/);
      assert.doesNotMatch(await annotations(), /paused/);
    });

    it('says when there is nothing to promote', async () => {
      const { code, stderr } = await lingua.try(['promote']);
      assert.equal(code, 1);
      assert.match(stderr, /spoken has no canary to promote: it is Settled\n/);
    });
  });

  describe('lets an instance leave', () => {
    it('in order, waits until it is back, and its log goes on with the new one', async () => {
      const [, before] = await here.pods(name);
      const session = await SessionClient.open(socketUrl(before!));
      const log = followLogs();
      await eventually('the log is followed', () => log.said().includes('[spoken-1]'), 120_000);
      const said = await lingua(['drain', '1']);
      await session.close();
      const starts = () => log.said().match(/\[spoken-1\] .*scheduler starting/g)?.length;
      await eventually('the log goes on with the new one', () => starts() === 2, 120_000);
      assert.equal(await log.stop(), 0);
      assert.match(said, /^spoken-1 is told to leave\n/);
      assert.match(said, /\nspoken-1 is leaving: 1 session, 0 nodes, 0 jobs left\n/);
      assert.match(said, /\nspoken-1 is back and ready, after \d+ s\n$/);
      const [zero, after] = await here.pods(name);
      assert.notEqual(after?.metadata.uid, before?.metadata.uid);
      assert.equal(zero?.status.containerStatuses?.[0]?.restartCount, 0);
    });

    it('but not the last one, nor one that is not there', async () => {
      const missing = await lingua.try(['drain', `${name}-7`]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /spoken has no instance spoken-7 now\nThere are: spoken-0, spoken-1\./);
      const nobody = await lingua.try(['drain', 'other-1']);
      assert.match(nobody.stderr, /other-1 is neither a SchedulerCluster nor an instance/);
    });
  });

  describe('says what is wrong and what to do', () => {
    it('with a command that does not exist', async () => {
      const { code, stderr } = await lingua.try(['restart']);
      assert.equal(code, 78);
      assert.match(stderr, /there is no command restart\nThere are: status, /);
    });

    it('with a name that does not exist', async () => {
      const { code, stderr } = await lingua.try(['status', 'speechless']);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /there is no SchedulerCluster speechless in namespace default\nThere are: spoken\./,
      );
    });

    it('in a namespace without fleets', async () => {
      const { code, stderr } = await lingua.try(['logs', '-n', 'kube-system']);
      assert.equal(code, 1);
      assert.match(stderr, /there is no SchedulerCluster in namespace kube-system\n.*status -A/);
    });

    it('without the rights, naming them', async () => {
      const [patching, running] = await Promise.all([
        lingua.try(['pause'], { kubeconfig: viewer }),
        lingua.try(['dlq', 'list'], { kubeconfig: viewer }),
      ]);
      assert.deepEqual([patching.code, running.code], [1, 1]);
      assert.match(
        patching.stderr,
        /viewer may not (get|patch) schedulerclusters\.lingua\.dev in namespace default\n/,
      );
      assert.match(
        patching.stderr,
        /apiGroups: \["lingua\.dev"\], resources: \["schedulerclusters"\], verbs: \["(get|patch)"\]/,
      );
      assert.match(running.stderr, /viewer may not (get|create) pods(\/exec)? in namespace default\n/);
    });

    it('without a kubeconfig', async () => {
      const variables = { KUBECONFIG: '/nowhere/kubeconfig', HOME: '/nowhere' };
      const { code, stderr } = await lingua.try(['status'], { variables });
      assert.equal(code, 78);
      assert.match(stderr, /kubectl has no cluster to talk to\nName a kubeconfig with --kubeconfig/);
    });
  });

  it('promotes a change whose canary is still watched', async () => {
    const rollout = { canary: { replicas: 1, soakSeconds: 3600 } };
    const changed = { rollout, config: { scheduler: { jobTimeoutSeconds: 25 } } };
    await here.kubectl(['patch', 'lsc', name, '--type=merge', '-p', JSON.stringify({ spec: changed })]);
    const reason = 'jsonpath={.status.conditions[?(@.type=="Progressing")].reason}';
    await here.kubectl(['wait', `lsc/${name}`, `--for=${reason}=CanarySoaking`, '--timeout=180s']);
    const outdated = (await here.pods(name))[0]?.metadata.uid;
    assert.match(await lingua(['status']), /update +CanarySoaking, revision \w{8}\n/);
    assert.match(
      await lingua(['promote']),
      /^spoken: revision \w{8} goes to all instances, without its canary\.\n$/,
    );
    const isAnother = async () => {
      const [zero] = await here.pods(name);
      return zero !== undefined && zero.metadata.uid !== outdated;
    };
    await eventually('the other instance has it too', isAnother, 120_000);
  });
});
