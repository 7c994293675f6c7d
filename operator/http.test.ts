import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { operatorRoutes, type Health } from './http.ts';

async function status(route: string, health: Partial<Health> = {}): Promise<string> {
  const routes = operatorRoutes({ unsynced: () => [], isStopping: () => false, ...health }, new Registry());
  const answer = await routes[route]!(undefined as never, undefined as never);
  return `${String(answer.status)} ${String(answer.body).trim()}`;
}

it('is ready when every cache holds its first list, and says which does not', async () => {
  assert.equal(await status('GET /readyz'), '200 ok');
  assert.match(await status('GET /readyz', { unsynced: () => ['Pod', 'Service'] }), /^503 .*Pod, Service/);
});

it('is alive while it waits and while it stops, and not ready while it stops', async () => {
  const stopping = { isStopping: () => true };
  assert.equal(await status('GET /livez', { unsynced: () => ['Pod'] }), '200 ok');
  assert.equal(await status('GET /livez', stopping), '200 ok');
  assert.equal(await status('GET /readyz', stopping), '503 stopping');
});
