/** A fleet that asks for monitoring of its own, in a cluster that does not know the Prometheus operator's kinds, comes to know them, and forgets them. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import path from 'node:path';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/images.ts';
import { place, type Place } from './place.ts';

const { lacks } = await target();

const kinds = path.join(root, 'test/support/foreign/prometheus-operator.yaml');
const own = ['podmonitors,prometheusrules', '-l', 'app.kubernetes.io/instance=own', '-o', 'name'];

describe('monitoring of one fleet', { skip: lacks.programs }, () => {
  let here: Place;
  before(async () => {
    here = await place();
  });

  const advice = async (reason: string): Promise<void> => {
    await eventually(
      `ProductionReady says ${reason}`,
      async () => {
        const { status } = await here.kubectl.json<{
          status?: { conditions?: { type: string; reason: string }[] };
        }>(['get', 'lsc', 'own']);
        const said = status?.conditions?.find(({ type }) => type === 'ProductionReady')?.reason;
        return said === reason ? true : undefined;
      },
      90_000,
    );
  };

  it('waits for the kinds, and the fleet does not wait for it', async () => {
    await here.apply({ name: 'own', replicas: 2 });
    await here.kubectl(['patch', 'lsc', 'own', '--type=merge', '-p', '{"spec":{"monitoring":{}}}']);
    await here.ready('own');
    await advice('MonitoringNotInstalled');
  });

  it('is there within about a minute of the kinds', async () => {
    await here.kubectl(['apply', '--server-side', '-f', kinds]);
    await eventually(
      'both objects',
      async () => {
        const { code, stdout } = await here.kubectl.try(['get', ...own]);
        return code === 0 && stdout.trim().split('\n').length === 2 ? true : undefined;
      },
      90_000,
    );
    await advice('FewInstances');
  });

  it('is told of as missing when the kinds are gone, and the fleet stays ready', async () => {
    await here.kubectl(['delete', '-f', kinds]);
    await advice('MonitoringNotInstalled');
    await here.ready('own', 1);
    await here.kubectl(['delete', 'lsc', 'own', '--timeout=180s']);
    await here.gone('own');
    assert.equal((await here.kubectl.try(['get', 'podmonitors'])).code, 1);
  });
});
