/** The HTTP routes that people and their tools read, on schedulers that run. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { Fleet } from './fleet.ts';

type Json = Record<string, unknown>;

describe('what two instances show', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({
      instances: ['scheduler-1', 'scheduler-2'],
      config: { scheduler: { phase3: { enabled: true, pool_count: 4 } } },
    });
    await fleet.node('scheduler-1', { nodeId: 'gpu-1' });
    await fleet.session('scheduler-1', { src_lang: 'zh', tgt_lang: 'en' });
    await fleet.session('scheduler-2', { src_lang: 'en', tgt_lang: 'ja' });
  });
  after(() => fleet.stop());

  const read = async <Shape = Json>(instance: string, at: string): Promise<Shape> => {
    const { status, body } = await fleet.on(instance).get(at);
    assert.equal(status, 200, body);
    return JSON.parse(body) as Shape;
  };

  it('statistics are those of one instance, in the shape of the original', async () => {
    const stats = await read<{ web_clients: Json; nodes: Json }>('scheduler-1', '/api/v1/stats');
    assert.deepEqual(stats.web_clients, {
      active_users: 1,
      top_languages: [
        { language: 'en', count: 1 },
        { language: 'zh', count: 1 },
      ],
      language_usage: {
        zh: { as_source: 1, as_target: 0, total: 1 },
        en: { as_source: 0, as_target: 1, total: 1 },
      },
    });
    const services = { 'node-inference': 1, 'nmt-m2m100': 1, 'piper-tts': 1 };
    assert.deepEqual(stats.nodes, {
      connected_nodes: 1,
      model_node_counts: services,
      available_services: [],
      total_services: 0,
      service_node_counts: services,
      compute_power: {
        total_cpu_power: 1.6,
        total_gpu_power: 3.2,
        total_memory_power: 22.4,
        node_power_details: [
          { node_id: 'gpu-1', node_name: 'Node-gpu-1', cpu_power: 1.6, gpu_power: 3.2, memory_power: 22.4 },
        ],
      },
    });
    const elsewhere = await read<{ web_clients: Json; nodes: Json }>('scheduler-2', '/api/v1/stats');
    assert.equal(elsewhere.nodes['connected_nodes'], 0);
  });

  it('the cluster is the same from everywhere: who owns what, and since when it runs', async () => {
    for (const from of ['scheduler-1', 'scheduler-2']) {
      const cluster = await eventually('the figures of both', async () => {
        const answer = await read<{ instances: Json[]; total_sessions: number; total_nodes: number }>(
          from,
          '/api/v1/cluster',
        );
        return answer.total_sessions === 2 && answer.total_nodes === 1 ? answer : undefined;
      });
      assert.deepEqual(
        cluster.instances.map(({ instance_id, is_online, nodes_owned, sessions_owned }) => [
          instance_id,
          is_online,
          nodes_owned,
          sessions_owned,
        ]),
        [
          ['scheduler-1', true, 1, 1],
          ['scheduler-2', true, 0, 1],
        ],
      );
      for (const { pid, instance_id, started_at_ms } of cluster.instances) {
        assert.equal(pid, fleet.on(String(instance_id)).program.pid);
        assert.ok(Number(started_at_ms) < Date.now());
      }
    }
  });

  it('uptime grows, which it did not in the original', async () => {
    const uptime = async () => {
      const { instances } = await read<{ instances: { uptime_seconds: number }[] }>(
        'scheduler-2',
        '/api/v1/cluster',
      );
      return instances[0]?.uptime_seconds ?? 0;
    };
    const first = await uptime();
    await eventually('it grows', async () => (await uptime()) >= first + 2);
  });

  it('counters are told as JSON', async () => {
    const counters = await read<Record<string, Json>>('scheduler-1', '/api/v1/metrics');
    assert.ok(Number(counters['stats']?.['requests_total']) >= 1);
    assert.deepEqual(Object.keys(counters), [
      'stats',
      'service_catalog',
      'model_not_available',
      'dispatch_exclude',
      'web_task_segmentation',
      'observability',
    ]);
    const { body } = await fleet.on('scheduler-1').get('/metrics');
    for (const name of [
      'stats_requests_total',
      'stats_stale_total',
      'stats_request_duration_seconds_count',
      'dashboard_snapshot_age_seconds',
    ])
      assert.match(body, new RegExp(`^scheduler_${name} [\\d.e-]+$`, 'm'));
  });

  it('pools know their nodes, and a simulated choice says where a job would go and why not', async () => {
    const { pools } = await read<{
      pools: { pool_id: number; total_nodes: number; sample_node_ids: string[] }[];
    }>('scheduler-2', '/api/v1/phase3/pools');
    assert.equal(pools.length, 4);
    const home = pools.find(({ total_nodes }) => total_nodes === 1);
    assert.deepEqual(home?.sample_node_ids, ['gpu-1']);
    type Choice = { selected_node_id: string | null; debug: { selected_pool: number }; breakdown: Json };
    const simulate = (query: string) => read<Choice>('scheduler-2', `/api/v1/phase3/simulate?${query}`);
    const chosen = await simulate('routing_key=s-1');
    assert.deepEqual([chosen.selected_node_id, chosen.debug.selected_pool], ['gpu-1', home.pool_id]);
    const none = await simulate('session_id=s-1&required=node-inference&required=never-heard-of');
    assert.deepEqual([none.selected_node_id, none.breakdown['model_not_available']], [null, 1]);
    assert.equal((await simulate('exclude_node_id=gpu-1')).breakdown['excluded'], 1);
  });

  it('says why when Redis is away, and the dashboard goes on showing what it knows', async () => {
    await fleet.on('scheduler-1').get('/dashboard/data');
    fleet.redis.pause();
    try {
      await eventually('the reason', async () => {
        const { status, body } = await fleet.on('scheduler-1').get('/api/v1/cluster');
        return status === 500 && /redis_failure.*Redis/.test(body);
      });
      await eventually('the dashboard says so', async () => {
        const { status, body } = await fleet.on('scheduler-1').get('/dashboard/data');
        const data = JSON.parse(body) as { redis: { reachable: boolean }; instances: Json[] };
        return status === 200 && !data.redis.reachable && data.instances.length === 2;
      });
    } finally {
      fleet.redis.resume();
    }
    await eventually(
      'it is well again',
      async () => (await fleet.on('scheduler-1').get('/api/v1/cluster')).status === 200,
    );
  });
});

describe('what one instance shows', () => {
  let hub: Server;
  let answer: { status: number; body: string };
  let asked = 0;
  let fleet: Fleet;
  before(async () => {
    answer = {
      status: 200,
      body: JSON.stringify([
        { service_id: 'nmt', name: 'NMT', latest_version: '2', variants: [] },
        { name: 'no id' },
      ]),
    };
    hub = createServer((request, response) => {
      asked += request.url === '/api/services' ? 1 : 0;
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    const base_url = `http://127.0.0.1:${String((hub.address() as AddressInfo).port)}`;
    fleet = await Fleet.start({
      instances: ['one'],
      config: { model_hub: { base_url }, dashboard: { enabled: false } },
    });
  });
  after(async () => {
    await fleet.stop();
    hub.close();
  });

  it('the catalogue of its Model Hub', async () => {
    await eventually('the catalogue', async () => {
      const { body } = await fleet.on('one').get('/api/v1/stats');
      return body.includes(
        '"available_services":[{"service_id":"nmt","name":"NMT","latest_version":"2","variants":[]}],"total_services":1',
      );
    });
    assert.equal(asked, 1);
    const { body } = await fleet.on('one').get('/metrics');
    assert.match(body, /^scheduler_service_catalog_fail_count 0$/m);
    assert.match(body, /^scheduler_service_catalog_last_success_age_seconds \d/m);
  });

  it('no dashboard when it is off', async () => {
    assert.equal((await fleet.on('one').get('/dashboard')).status, 404);
    assert.equal((await fleet.on('one').get('/dashboard/data')).status, 404);
  });

  it('no cluster without phase 2, and serves without the hub it names', async () => {
    const alone = await fleet.add('alone', {
      scheduler: { phase2: { enabled: false } },
      model_hub: { base_url: 'http://127.0.0.1:1' },
    });
    assert.equal((await alone.get('/api/v1/cluster')).status, 503);
    assert.equal((await alone.get('/api/v1/stats')).status, 200);
    await eventually('it is counted', async () => {
      return /^scheduler_service_catalog_fail_count 1$/m.test((await alone.get('/metrics')).body);
    });
    assert.equal((await alone.get('/health')).body, 'OK');
    const { body } = await alone.get('/dashboard/data');
    assert.equal((JSON.parse(body) as { instances: unknown[] }).instances.length, 1);
  });
});
