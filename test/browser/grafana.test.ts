/**
 * The dashboards for Grafana, filled by a real Prometheus that scrapes a fleet at work and its operator. `PICTURES=write` also lays
 * them out in a browser, by a page of ours because Grafana is not here, and writes the pictures of the documentation.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { createLogger } from '../../common/log.ts';
import { ports } from '../../common/workload.ts';
import { startBrowser } from './browser.ts';
import { eventually } from '../support/eventually.ts';
import { shippedDashboards, type GrafanaDashboard, type Window } from '../support/grafana/dashboard.ts';
import { linesOf } from '../support/grafana/lines.ts';
import { dashboardPage, pageWidth, type Filled } from '../support/grafana/page.ts';
import { root } from '../support/images.ts';
import { NodeClient } from '../support/node-client.ts';
import { clusterManifest, installOperator, patient, startPocket, type Pocket } from '../support/pocket.ts';
import { startPrometheus, type Pod, type PodMonitor, type Prometheus } from '../support/prometheus.ts';
import { SessionClient } from '../support/session-client.ts';

const writes = process.env['PICTURES'] === 'write';
/** A picture shows more than a test needs, in points as far apart as pixels need. */
const [halfSeconds, step] = writes ? [45, 3] : [4, 1];

const dashboards = shippedDashboards();

describe('the dashboards for Grafana', () => {
  let pocket: Pocket;
  let prometheus: Prometheus;
  let work: Work;
  let window: Window;
  before(async () => {
    pocket = await startPocket({ log: quiet });
    const fleet = await startFleet(pocket);
    prometheus = await startPrometheus({ podMonitors: podMonitors(), pods: fleet });
    const start = Date.now() / 1000;
    work = await Work.begin(fleet);
    // A rate needs some scrapes, so there is no asking before.
    await pause(halfSeconds * 1000);
    // Something for the operator to do.
    await pocket.kubectl(['scale', 'schedulercluster', 'demo', '--replicas=3']);
    if (writes) await pause(halfSeconds * 1000);
    await eventually(
      'figures in every panel',
      async () => {
        window = { start: Math.ceil(start), end: Math.floor(Date.now() / 1000), step };
        const all = await Promise.all(dashboards.map((dashboard) => fill(dashboard)));
        return all.flat().every(({ lines }) => lines.length > 0);
      },
      90_000,
    ).catch(() => 'which are still empty is told by the test of each dashboard');
  });
  after(async () => {
    await work.end();
    await prometheus.stop();
    await pocket.stop();
  });

  const fill = (dashboard: GrafanaDashboard): Promise<Filled[]> =>
    Promise.all(
      dashboard.panels.map(async (panel) => ({
        panel,
        lines: await linesOf(prometheus, dashboard, panel, window),
      })),
    );

  for (const dashboard of dashboards) {
    describe(dashboard.uid, () => {
      let filled: Filled[];
      before(async () => {
        filled = await fill(dashboard);
        if (writes) await takePicture(dashboard, filled, window);
      });

      it('shows figures in every panel while a fleet works: nothing is empty, nothing is no number', () => {
        const empty = filled.filter(({ lines }) => lines.length === 0);
        assert.deepEqual(
          empty.map(({ panel }) => panel.title),
          [],
        );
        for (const { panel, lines } of filled)
          for (const { name, points } of lines) {
            assert.ok(
              points.length > 0 && points.every(([, value]) => Number.isFinite(value)),
              `${panel.title}: ${name}`,
            );
            assert.ok(
              panel.type === 'stat' || name.replace('/', '') !== '',
              `${panel.title}: a line without a name`,
            );
          }
      });
    });
  }
});

const quiet = createLogger({}, { level: 'error', format: 'json' });

async function takePicture(
  dashboard: GrafanaDashboard,
  filled: readonly Filled[],
  window: Window,
): Promise<void> {
  const browser = await startBrowser();
  const page = await browser.newPage({ viewport: { width: pageWidth + 24, height: 900 } });
  await page.setContent(dashboardPage(dashboard, filled, window));
  await page.screenshot({ path: path.join(root, `docs/images/${dashboard.uid}.png`), fullPage: true });
  await browser.close();
}

/** Two instances with an operator, and all pods there are then. */
async function startFleet({ kubectl, redis }: Pocket): Promise<readonly Pod[]> {
  await installOperator(kubectl);
  const manifest = clusterManifest({ name: 'demo', redisUrl: redis.url, config: { limits: patient } });
  await kubectl(['apply', '-f', '-'], manifest);
  await kubectl(['wait', 'lsc/demo', '--for=condition=Ready', '--timeout=180s']);
  return (await kubectl.json<{ items: Pod[] }>(['get', 'pods', '-A'])).items;
}

function podMonitors(): PodMonitor[] {
  const text = readFileSync(path.join(root, 'manifests/monitoring/pod-monitors.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => {
    const { metadata, spec } = document.toJS() as PodMonitor;
    return { metadata: { ...metadata, namespace: 'lingua-system' }, spec };
  });
}

/** A node on each instance, and sessions on each that say something as soon as they were answered. */
class Work {
  readonly #nodes: readonly NodeClient[];
  readonly #sessions: readonly SessionClient[];
  #going = true;
  readonly #talks: readonly Promise<void>[];

  private constructor(nodes: readonly NodeClient[], sessions: readonly SessionClient[]) {
    this.#nodes = nodes;
    this.#sessions = sessions;
    this.#talks = sessions.map((session, index) => this.#talk(session, index));
  }

  static async begin(pods: readonly Pod[]): Promise<Work> {
    const urls = pods
      .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'lingua-scheduler')
      .map(({ status }) => `http://${status.podIP ?? ''}:${String(ports.http)}`);
    // Some utterances take longer, by their number and not by chance.
    const delayMs = ({ utterance_index: index }: Record<string, unknown>) =>
      40 + ((Number(index) * 37) % 160);
    const nodes = await Promise.all(urls.map((url) => NodeClient.ready(url, { slots: 3, delayMs })));
    const everywhere = [...urls, ...urls, ...urls];
    return new Work(nodes, await Promise.all(everywhere.map((url) => SessionClient.open(url))));
  }

  async end(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#talks);
    await Promise.all([...this.#sessions, ...this.#nodes].map((client) => client.close()));
  }

  async #talk(session: SessionClient, speaker: number): Promise<void> {
    for (let index = 0; this.#going; index += 1) {
      session.say({ index, audio: `${String(speaker)} ${String(index)}` });
      await session.result(index, 20_000);
      // People listen before they speak; more of them for a while, then fewer.
      await pause(100 + 80 * (1 + Math.sin(index / 9)) * (1 + speaker / 3));
    }
  }
}
