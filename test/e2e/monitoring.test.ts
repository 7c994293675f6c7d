/** manifests/monitoring, in a cluster that knows the Prometheus operator's kinds, read by a real Prometheus. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/images.ts';
import { startPrometheus, type Pod, type PodMonitor, type Prometheus } from '../support/prometheus.ts';
import { place, type Place } from './place.ts';

const { lacks } = await target();

const kinds = path.join(root, 'test/support/foreign/prometheus-operator.yaml');
const folder = path.join(root, 'manifests/monitoring');

describe('monitoring', { skip: lacks.programs }, () => {
  let here: Place;
  let prometheus: Prometheus | undefined;
  before(async () => {
    here = await place();
    await here.kubectl(['apply', '--server-side', '-f', kinds]);
    const definitions = [
      'crd/podmonitors.monitoring.coreos.com',
      'crd/prometheusrules.monitoring.coreos.com',
    ];
    await here.kubectl(['wait', ...definitions, '--for=condition=Established', '--timeout=180s']);
  });
  after(async () => {
    await prometheus?.stop();
  });

  it('is accepted field by field', async () => {
    const said = await here.kubectl([
      'apply',
      '--server-side',
      '--validate=strict',
      '-k',
      folder,
      '-o',
      'name',
    ]);
    assert.deepEqual(said.trim().split('\n').sort(), [
      'configmap/lingua-dashboards',
      'podmonitor.monitoring.coreos.com/lingua-operator',
      'podmonitor.monitoring.coreos.com/lingua-scheduler',
      'prometheusrule.monitoring.coreos.com/lingua',
    ]);
  });

  it('finds every instance of a fleet, named as alerts and dashboards ask for it, and the operator', async () => {
    await here.apply({ name: 'watched', replicas: 2 });
    await here.ready('watched');
    const monitors = await here.kubectl.json<{ items: PodMonitor[] }>(['get', 'podmonitors', '-A']);
    const pods = await here.kubectl.json<{ items: Pod[] }>(['get', 'pods', '-A']);
    prometheus = await startPrometheus({ podMonitors: monitors.items, pods: pods.items });
    const scraping = prometheus;
    const seen = await eventually(
      'targets that answer',
      async () => {
        const found = await scraping.targets();
        return found.length > 0 && found.every(({ health }) => health === 'up') && found;
      },
      120_000,
    );
    const ofJob = (job: string) =>
      seen
        .filter(({ labels }) => labels['job'] === job)
        .map(({ labels }) => [labels['namespace'], labels['scheduler_cluster'], labels['pod']])
        .sort();
    assert.deepEqual(ofJob('lingua-scheduler'), [
      ['default', 'watched', 'watched-0'],
      ['default', 'watched', 'watched-1'],
    ]);
    const operators = pods.items.filter(({ metadata }) => metadata.namespace === 'lingua-system');
    assert.deepEqual(
      ofJob('lingua-operator'),
      operators.map(({ metadata }) => ['lingua-system', undefined, metadata.name]).sort(),
    );
  });

  it('keeps the namespace of the fleet in what the operator tells, not its own', async () => {
    const asked = prometheus!;
    const [ready] = await eventually(
      'the fleet is told of',
      async () => {
        const end = Date.now() / 1000;
        const found = await asked.range('max by (namespace, name) (lingua_cluster_ready)', {
          start: end,
          end,
          step: 1,
        });
        return found.length > 0 && found;
      },
      120_000,
    );
    assert.deepEqual(ready?.metric, { namespace: 'default', name: 'watched' });
    await here.kubectl(['delete', 'lsc', 'watched', '--timeout=180s']);
    await here.gone('watched');
  });
});
