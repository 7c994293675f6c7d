import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { clientMetrics } from './metrics.ts';

it('a watch counts as a request, and not as an answer that took an hour', async () => {
  const registry = new Registry();
  const observe = clientMetrics(registry);
  observe({ method: 'GET', path: '/api/v1/pods', status: 200, durationMs: 20, isStream: false });
  observe({ method: 'GET', path: '/api/v1/pods', status: 200, durationMs: 3_600_000, isStream: true });
  observe({ method: 'GET', path: '/api/v1/pods', status: 0, durationMs: 30, isStream: false });
  const lines = (await registry.metrics()).split('\n');
  assert.ok(lines.includes('rest_client_requests_total{method="GET",code="200"} 2'), lines.join('\n'));
  assert.ok(lines.includes('rest_client_requests_total{method="GET",code="<error>"} 1'));
  assert.ok(lines.includes('rest_client_request_duration_seconds_count{method="GET"} 2'));
  assert.ok(lines.includes('rest_client_request_duration_seconds_sum{method="GET"} 0.05'));
});
