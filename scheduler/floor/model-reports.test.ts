import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { JobResult } from '../protocol/node-messages.ts';
import { createMetrics } from '../metrics.ts';
import { missingModel } from './answer.ts';
import { labelLimits, ModelReports } from './model-reports.ts';
import { UnavailableServices } from './unavailable-services.ts';

function world(maxPerWindow = 30) {
  const clock = new FakeClock();
  const registry = new Registry();
  const { log, lines } = fakeLog();
  const reports = new ModelReports({ clock, log, metrics: createMetrics(registry), debounceMs: 5000 });
  const node = (nodeId = 'n') => ({
    nodeId,
    unavailable: new UnavailableServices({ ttlMs: 60_000, windowMs: 10_000, maxPerWindow }),
  });
  const value = async (series: string) =>
    Number(
      new RegExp(`^scheduler_${series.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(
        await registry.metrics(),
      )?.[1],
    );
  return { clock, reports, node, value, lines };
}
const missing = (service?: string, reason?: string) => ({ service, version: undefined, reason });

describe('a node that says a model is not available', () => {
  it('does not offer the service for a while, and offers it again after that', async () => {
    const { clock, reports, node } = world();
    const mine = node();
    const offered = () => mine.unavailable.available(['asr', 'nmt'], clock.monotonic());
    assert.equal(reports.received(mine, missing('nmt')), true);
    assert.deepEqual(offered(), ['asr']);
    await clock.advance(59_999);
    assert.deepEqual(offered(), ['asr']);
    await clock.advance(1);
    assert.deepEqual(offered(), ['asr', 'nmt']);
  });

  it('is not believed when it says so too often, until the window is over', async () => {
    const { clock, reports, node, value } = world(2);
    const mine = node();
    const said = ['a', 'b', 'c', 'd'].map((service) => reports.received(mine, missing(service)));
    assert.deepEqual(said, [true, true, false, false]);
    assert.equal(await value('model_na_received_total'), 4);
    assert.equal(await value('model_na_rate_limited_total'), 2);
    assert.equal(await value('model_na_rate_limited_by_node_total{node_id="n"}'), 2);
    assert.equal(await value('model_na_marked_by_node_total{node_id="n"}'), 2);
    await clock.advance(10_000);
    assert.equal(reports.received(mine, missing('c')), true);
  });

  it('is named in the log once for each service and window, whichever node it is', async () => {
    const { clock, reports, node, lines } = world();
    const named = () => lines.filter((line) => JSON.stringify(line).includes('model not available')).length;
    for (const nodeId of ['n-1', 'n-2', 'n-3']) reports.received(node(nodeId), missing('nmt'));
    assert.equal(named(), 1);
    reports.received(node(), missing('tts'));
    assert.equal(named(), 2);
    await clock.advance(5000);
    reports.received(node(), missing('nmt'));
    assert.equal(named(), 3);
  });

  it('makes no more series than the limits, whatever it says', async () => {
    const { reports, node, value } = world(1_000_000);
    const many = labelLimits.services + 50;
    for (let i = 0; i < many; i++)
      reports.received(node(`n-${String(i)}`), missing(`s-${String(i)}`, `r-${String(i)}`));
    reports.received(node('n-0'), missing('x'.repeat(200), 'r-0'));
    assert.equal(await value('model_na_by_service_total{service_id="s-199"}'), 1);
    assert.ok(Number.isNaN(await value('model_na_by_service_total{service_id="s-200"}')));
    assert.equal(await value('model_na_other_service_total'), 51);
    assert.equal(await value('model_na_by_reason_total{reason="r-0"}'), 2);
    assert.equal(await value('model_na_other_reason_total'), 50);
    assert.equal(await value('model_na_other_marked_node_total'), many - labelLimits.markedNodes);
  });

  const results: readonly [title: string, details: unknown, service: string | undefined][] = [
    ['a service', { service_id: 'nmt', service_version: '2', reason: 'not loaded' }, 'nmt'],
    ['a model, as older nodes do', { model_id: 'm2m', version: '1' }, 'm2m'],
    ['nothing', undefined, undefined],
    ['something that is no name', { service_id: 7 }, undefined],
    ['a list', ['nmt'], undefined],
  ];
  for (const [title, details, service] of results) {
    it(`may name ${title}`, () => {
      const reference = { job_id: 'j', attempt_id: 1, node_id: 'n', session_id: 's', utterance_index: 0 };
      const error = {
        code: 'MODEL_NOT_AVAILABLE',
        message: '',
        ...(details === undefined ? {} : { details }),
      };
      const result = JobResult.parse({ type: 'job_result', ...reference, success: false, error });
      assert.equal(missingModel(result)?.service, service);
      assert.ok(missingModel(result));
      assert.equal(missingModel({ ...result, success: true }), undefined);
    });
  }
});
