import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parse } from 'smol-toml';
import { sampleCluster } from '../../test/operator/sample.ts';
import { renderToml } from './toml.ts';

const parsed = (source: string): unknown => JSON.parse(JSON.stringify(parse(source)));

it('the sections stand in the order of the guide', () => {
  const source = renderToml(sampleCluster(), 'demo-0');
  const sections = [...source.matchAll(/^\[(.+)\]$/gm)].map((match) => match[1]);
  assert.deepEqual(sections, [
    'server',
    'scheduler',
    'scheduler.phase2',
    'scheduler.phase2.redis',
    'scheduler.phase2.node_snapshot',
  ]);
});

it('only the instance id differs between the files of two instances', () => {
  const [first, second] = ['demo-0', 'demo-1'].map((id) => renderToml(sampleCluster(), id));
  assert.equal(first!.replace('"demo-0"', '"demo-1"'), second);
  assert.notEqual(first, second);
});

it('a value cannot break out of its string', () => {
  const nasty = 'a"\n[server]\nport = 1\n# ${INSTANCE_ID} """ \u0000 \u202e';
  const cluster = sampleCluster({ config: { scheduler: { coreServices: { asrServiceId: nasty } } } });
  const file = parsed(renderToml(cluster, 'demo-0')) as {
    server: unknown;
    scheduler: { core_services: { asr_service_id: string } };
  };
  assert.equal(file.scheduler.core_services.asr_service_id, nasty);
  assert.deepEqual(file.server, { port: 5010, host: '0.0.0.0' });
});

it('the order of keys in the spec says nothing', () => {
  const jobTimeout = {
    pendingTimeoutSeconds: 20,
    failoverMaxAttempts: 1,
    scanIntervalMs: 500,
    sendCancel: false,
  };
  const reversed = Object.fromEntries(Object.entries(jobTimeout).reverse());
  const [one, other] = [jobTimeout, reversed].map((section) =>
    renderToml(sampleCluster({ config: { scheduler: { jobTimeout: section } } }), undefined),
  );
  assert.equal(one, other);
});

it('an empty section is the same file as none', () => {
  const cluster = sampleCluster({ config: { limits: {} } });
  assert.equal(renderToml(cluster, undefined), renderToml(sampleCluster(), undefined));
});

it('a cluster of Redis nodes is written as cluster_urls, without a url', () => {
  const redis = { mode: 'cluster', clusterUrls: ['redis://a:1', 'redis://b:2'], keyPrefix: 'p' };
  const file = parsed(renderToml(sampleCluster({ redis }), 'demo-0')) as {
    scheduler: { phase2: { redis: unknown } };
  };
  assert.deepEqual(file.scheduler.phase2.redis, {
    mode: 'cluster',
    cluster_urls: ['redis://a:1', 'redis://b:2'],
    key_prefix: 'p',
  });
});
