/** Starts every controller; the front of this folder. */
import { Informers } from './informers.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { startClusterRoles } from './cluster-roles.ts';
import { startCollector } from './collector/controller.ts';
import { startDeployments, startReplicaSets } from './deployment/controller.ts';
import { startDisruption } from './disruption.ts';
import { startEndpoints } from './endpoints.ts';
import { startNamespaces } from './namespaces.ts';
import { startServiceAccounts } from './service-accounts.ts';
import { startStatefulSets } from './statefulset/controller.ts';
import { startVolumes } from './volumes.ts';

export interface ControllersOptions extends Omit<ControllerContext, 'informers'> {
  /** PEM of the API server's CA; undefined without TLS. */
  readonly certificateAuthority?: string | undefined;
}

/** Resolves when all of them know the cluster and work. */
export async function startControllers(options: ControllersOptions): Promise<Controller> {
  const informers = new Informers(options);
  try {
    return await startAll({ ...options, informers }, options.certificateAuthority);
  } catch (error) {
    informers.stop();
    throw error;
  }
}

async function startAll(
  context: ControllerContext,
  certificateAuthority: string | undefined,
): Promise<Controller> {
  const { informers } = context;
  const collector = await startCollector(context);
  const running = [
    startStatefulSets(context),
    startDeployments(context),
    startReplicaSets(context),
    startEndpoints(context),
    startDisruption(context),
    startNamespaces(context),
    startVolumes(context),
    startClusterRoles(context),
    startServiceAccounts(context, certificateAuthority),
    collector,
  ];
  await informers.synced();
  return {
    async stop() {
      informers.stop();
      await Promise.all(running.map((controller) => controller.stop()));
    },
  };
}
