/** `status` and `instances`: only look. */
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { currentNamespace, listClusters, listEvents, listPods } from '../look.ts';
import { formatted, type Plugin, type Run } from '../plugin.ts';
import { clusterOf } from '../target.ts';
import { instancesOf, instancesTable } from '../text/instances.ts';
import { clustersTable, statusData, statusScreen, type Seen } from '../text/status.ts';

export const status: Run = async ({ operands: [name], values, format }, plugin) => {
  const { kubectl } = plugin;
  const everywhere = values['all-namespaces'] === true;
  const clusters = await listClusters(kubectl, everywhere);
  if (name === undefined && (everywhere || clusters.length > 1)) {
    plugin.out(
      format
        ? formatted(
            clusters.map((cluster) => summaryOf(cluster, plugin)),
            format,
          )
        : overviewOf(clusters, everywhere, plugin),
    );
    return 0;
  }
  const cluster = clusterOf(name, clusters, await namespaceOf(clusters, plugin, values.namespace));
  const seen = await look(cluster, plugin);
  const nowMs = plugin.clock.now();
  plugin.out(format ? formatted(statusData(seen, nowMs), format) : statusScreen(seen, screenOf(plugin)));
  return 0;
};

export const instances: Run = async ({ operands: [name], values, format }, plugin) => {
  const clusters = await listClusters(plugin.kubectl);
  const cluster = clusterOf(name, clusters, await namespaceOf(clusters, plugin, values.namespace));
  const all = instancesOf(cluster, await listPods(plugin.kubectl, cluster), plugin.clock.now());
  plugin.out(format ? formatted(all, format) : instancesTable(all, plugin.style));
  return 0;
};

/** The objects know it; when there are none, kubectl does. */
export function namespaceOf(
  [first]: readonly SchedulerCluster[],
  { kubectl }: Plugin,
  asked: string | undefined,
): Promise<string> {
  const namespace = first?.metadata.namespace;
  return namespace === undefined ? currentNamespace(kubectl, asked) : Promise.resolve(namespace);
}

async function look(cluster: SchedulerCluster, { kubectl }: Plugin): Promise<Seen> {
  const [pods, events] = await Promise.all([listPods(kubectl, cluster), listEvents(kubectl, cluster)]);
  return { cluster, pods, events };
}

const screenOf = ({ style, width, clock }: Plugin) => ({ style, width, nowMs: clock.now() });

const overviewOf = (clusters: readonly SchedulerCluster[], everywhere: boolean, plugin: Plugin): string =>
  clustersTable(clusters, screenOf(plugin), everywhere);

const summaryOf = (cluster: SchedulerCluster, { clock }: Plugin): object =>
  statusData({ cluster, pods: [], events: [] }, clock.now());
