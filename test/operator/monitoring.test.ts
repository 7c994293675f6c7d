/** Objects of the Prometheus operator: kinds that a cluster may not know, or come to know, or not let the operator see. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import type { Resource } from '../../operator/kube/kube.ts';
import { podMonitors, prometheusRules } from '../../operator/kube/resources.ts';
import type { RuleGroup } from '../../operator/resources/monitoring/rule.ts';
import { sampleCluster, type Wish } from './sample.ts';
import { World } from './world.ts';

const kinds: readonly Resource[] = [podMonitors, prometheusRules];
const demo = { namespace: 'default', name: 'demo' };

/** Nothing else to advise, so that ProductionReady tells of this alone. */
const wished: Wish = {
  replicas: 3,
  redis: { mode: 'cluster', clusterUrls: ['redis://a:1'], keyPrefix: 'p' },
  monitoring: { labels: { release: 'prometheus' } },
};

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => {
  world.stop();
});

const there = (): string[] => kinds.filter((kind) => world.kube.peek(kind, demo)).map(({ kind }) => kind);
const both = ['PodMonitor', 'PrometheusRule'];

const minutes = async (count: number): Promise<void> => {
  await world.clock.advance(count * 60_000 + 1_000);
  await world.converge();
};

async function begin({ without = [], wish = wished }: { without?: string[]; wish?: Wish } = {}) {
  for (const kind of without) world.kube.unserve(kind);
  await world.start();
  world.put(sampleCluster(wish));
  await world.converge();
}

it('nobody who does not ask for them has them', async () => {
  await begin({ wish: { ...wished, monitoring: undefined } });
  assert.deepEqual(there(), []);
});

it('who asks for them has them, with labels by which a Prometheus finds them, until nobody asks', async () => {
  await begin();
  assert.deepEqual(there(), both);
  const { metadata, spec } = world.kube.peek(podMonitors, demo)!;
  assert.equal(metadata.labels!['release'], 'prometheus');
  assert.equal(spec.selector.matchLabels['app.kubernetes.io/instance'], 'demo');
  world.edit((wish) => (wish.monitoring!.podMonitor = 'Never'));
  await world.converge();
  assert.deepEqual(there(), ['PrometheusRule']);
  world.edit((wish) => delete wish.monitoring);
  await world.converge();
  assert.deepEqual(there(), []);
});

it('the alerts link to their runbooks where these are published, and anew when they move', async () => {
  for (const place of ['https://docs.example', 'https://elsewhere.example']) {
    world.runbookUrl = `${place}/{alert}.md`;
    await begin();
    const { groups } = world.kube.peek(prometheusRules, demo)!.spec as { groups: readonly RuleGroup[] };
    const alerts = groups.flatMap(({ rules }) => rules);
    assert.ok(alerts.length > 10);
    for (const { alert, annotations } of alerts)
      assert.equal(annotations.runbook_url, `${place}/${alert}.md`);
  }
});

it('a cluster that does not know them is told of, as advice, and the fleet is ready', async () => {
  await begin({ without: both });
  assert.equal(world.says('Ready'), 'True FleetReady');
  assert.equal(world.says('Degraded'), 'False AsExpected');
  assert.equal(world.says('ProductionReady'), 'False MonitoringNotInstalled');
  assert.match(world.condition('ProductionReady').message, /PodMonitor.*PrometheusRule/);
});

it('when it comes to know them, they are made within about a minute, without a new start', async () => {
  await begin({ without: both });
  for (const kind of both) world.kube.serve(kind);
  await minutes(2);
  assert.deepEqual(there(), both);
  assert.equal(world.says('ProductionReady'), 'True AsRecommended');
});

it('one of the two is enough for the other to wait alone', async () => {
  await begin({ without: ['PrometheusRule'] });
  assert.deepEqual(there(), ['PodMonitor']);
  const { message } = world.condition('ProductionReady');
  assert.match(message, /PrometheusRule/);
  assert.doesNotMatch(message, /PodMonitor/);
});

it('when their definitions go, it is told, and when they come back, so do the objects', async () => {
  await begin();
  for (const kind of both) world.kube.unserve(kind);
  await minutes(1);
  assert.equal(world.says('ProductionReady'), 'False MonitoringNotInstalled');
  assert.equal(world.says('Ready'), 'True FleetReady');
  for (const kind of both) world.kube.serve(kind);
  await minutes(2);
  assert.deepEqual(there(), both);
});

it('where the operator may not see them, its Role is named, and the fleet is ready', async () => {
  world.kube.before = ({ verb, kind }) => {
    if (verb === 'list' && both.includes(kind)) throw new AppError('forbidden', `cannot list ${kind}`);
  };
  await begin();
  assert.equal(world.says('ProductionReady'), 'False MonitoringForbidden');
  assert.equal(world.says('Ready'), 'True FleetReady');
  world.kube.before = undefined;
  await minutes(2);
  assert.deepEqual(there(), both);
});

it('a cluster without them is asked once a minute while a fleet misses them, and never when none does', async () => {
  const asked = (): number => world.kube.requests.filter(({ kind }) => both.includes(kind)).length;
  await begin({ without: both });
  world.kube.forget();
  await minutes(10);
  assert.ok(asked() >= 2 && asked() <= 2 * 11, String(asked()));
  world.edit((wish) => delete wish.monitoring);
  await world.converge();
  world.kube.forget();
  await minutes(30);
  assert.equal(asked(), 0);
});

it('one of somebody else by that name is not touched', async () => {
  await world.start();
  const theirs = world.kube.put({
    apiVersion: podMonitors.apiVersion,
    kind: podMonitors.kind,
    metadata: demo,
    spec: { jobLabel: 'theirs', selector: { matchLabels: {} }, podMetricsEndpoints: [] },
  });
  world.put(sampleCluster(wished));
  await world.converge();
  assert.equal(world.says('Degraded'), 'True ForeignObject');
  assert.equal(world.says('Available'), 'True EnoughReady');
  assert.deepEqual(world.kube.peek(podMonitors, demo)!.spec, theirs.spec);
});
