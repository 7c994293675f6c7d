import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ports } from '../../common/workload.ts';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { networkPolicy } from './network-policy.ts';

const ingress = (wish: Wish) => networkPolicy(sampleCluster({ networkPolicy: wish }))!.spec!.ingress!;
/** Rules that let somebody reach a port without saying who: to Kubernetes, no peers are all peers. */
const openTo = (wish: Wish, port: number) =>
  ingress(wish).filter(
    ({ from = [], ports: open = [] }) => from.length === 0 && open.some((one) => one.port === port),
  );

it('without a list of clients everybody may connect', () => {
  assert.equal(openTo({}, ports.http).length, 1);
});

it('an empty list of clients lets nobody in', () => {
  assert.deepEqual(openTo({ clientsFrom: [] }, ports.http), []);
});

it('whoever reads metrics is let in beside the clients', () => {
  const [rule] = ingress({ clientsFrom: [], monitoringFrom: [{ podSelector: {} }] });
  assert.deepEqual(rule, { from: [{ podSelector: {} }], ports: [{ port: ports.http, protocol: 'TCP' }] });
});

it('the admin port is open to the operator alone, whoever the clients are', () => {
  for (const wish of [{}, { clientsFrom: [] }, { clientsFrom: [{ podSelector: {} }] }]) {
    const rules = ingress(wish).filter(({ ports: open = [] }) =>
      open.some(({ port }) => port === ports.admin),
    );
    assert.equal(rules.length, 1);
    assert.equal(rules[0]!.from![0]!.podSelector!.matchLabels!['app.kubernetes.io/name'], 'lingua-operator');
  }
});
