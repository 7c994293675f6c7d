/** What every namespace has from the start: the ServiceAccount `default` and the ConfigMap with the cluster's CA. */
import { toAppError } from '../../../common/errors.ts';
import { configMaps, namespaces, serviceAccounts } from '../../../operator/kube/resources.ts';
import { startQueue, type Controller, type ControllerContext } from './controller.ts';

const authorityMap = 'kube-root-ca.crt';

/** @param certificateAuthority PEM; undefined when the API server is reached without TLS */
export function startServiceAccounts(
  context: ControllerContext,
  certificateAuthority: string | undefined,
): Controller {
  const { kube, informers } = context;
  const all = informers.of(namespaces);
  const accounts = informers.of(serviceAccounts);

  const queue = startQueue(context, 'serviceaccount', async ({ name: namespace }) => {
    const found = all.get({ namespace: '', name: namespace });
    if (!found || found.metadata.deletionTimestamp !== undefined) return {};
    if (!accounts.get({ namespace, name: 'default' })) {
      const metadata = { name: 'default', namespace };
      await unlessExists(
        kube.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
      );
    }
    if (certificateAuthority !== undefined) await publishAuthority(namespace, certificateAuthority);
    return {};
  });

  async function publishAuthority(namespace: string, authority: string): Promise<void> {
    const metadata = { name: authorityMap, namespace };
    if (await kube.get(configMaps, metadata)) return;
    await unlessExists(
      kube.create(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { 'ca.crt': authority },
      }),
    );
  }

  all.onChange((_before, after) => {
    if (after) queue.add(after.metadata.name);
  });
  accounts.onChange((before, after) => {
    if (before && !after) queue.add(before.metadata.namespace ?? '');
  });
  return { stop: () => queue.stop() };
}

async function unlessExists(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (toAppError(error).code !== 'conflict') throw error;
  }
}
