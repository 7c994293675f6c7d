/** `kubectl lingua`, built and run by the real kubectl on a fleet, as the people who look after one do. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { installPlugin, type Plugin } from '../support/plugin.ts';
import { place, type Place } from './place.ts';

const cluster = await target();
const { lacks, kubeconfig } = cluster;

const name = 'spoken';

describe('kubectl lingua', { skip: lacks.programs }, () => {
  let here: Place;
  let lingua: Plugin;
  before(async () => {
    here = await place();
    await here.apply({ name, replicas: 2 });
    lingua = await installPlugin(kubeconfig);
    await here.ready(name);
  });
  after(() => lingua.remove());

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

    it('as they are written, until it is told to stop', async () => {
      const child = spawn('kubectl', ['lingua', 'logs', '-f'], {
        env: { ...process.env, PATH: lingua.path, KUBECONFIG: kubeconfig },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (data: string) => (said += data));
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await eventually(
        'both have said something',
        () => said.includes('[spoken-0]') && said.includes('[spoken-1]'),
        20_000,
      );
      child.kill('SIGINT');
      assert.equal(await ended, 0);
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
      await here.kubectl(['create', 'serviceaccount', 'nobody']);
      const powerless = await cluster.kubeconfigFor('system:serviceaccount:default:nobody');
      const { code, stderr } = await lingua.try(['status'], { kubeconfig: powerless });
      assert.equal(code, 1);
      assert.match(
        stderr,
        /system:serviceaccount:default:nobody may not list schedulerclusters.lingua.dev in namespace default\n/,
      );
      assert.match(
        stderr,
        /apiGroups: \["lingua.dev"\], resources: \["schedulerclusters"\], verbs: \["list"\]/,
      );
    });

    it('without a kubeconfig', async () => {
      const variables = { KUBECONFIG: '/nowhere/kubeconfig', HOME: '/nowhere' };
      const { code, stderr } = await lingua.try(['status'], { variables });
      assert.equal(code, 78);
      assert.match(stderr, /kubectl has no cluster to talk to\nName a kubeconfig with --kubeconfig/);
    });
  });
});
