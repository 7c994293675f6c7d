/**
 * Who reaches the instances and whom they reach. Instances never talk to each other: what they have to say goes through Redis.
 * The kubelet's probes are let through by every network plugin.
 */
import { ports, redisPort } from '../../common/workload.ts';
import { operatorLabels, redisSelectorLabels, selectorLabels } from '../api/labels.ts';
import { networkPolicyName } from '../api/names.ts';
import { embeddedRedis, redisAccess } from '../api/redis.ts';
import type { SchedulerCluster, SchedulerClusterSpec } from '../api/schedulercluster.gen.ts';
import type { NetworkPolicy } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

type PolicySpec = NonNullable<NetworkPolicy['spec']>;
type Incoming = NonNullable<PolicySpec['ingress']>[number];
type Outgoing = NonNullable<PolicySpec['egress']>[number];
type Wish = NonNullable<SchedulerClusterSpec['networkPolicy']>;

export function networkPolicy(cluster: SchedulerCluster): NetworkPolicy | undefined {
  const wish = cluster.spec.networkPolicy;
  if (!wish) return undefined;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: ownedMetadata(cluster, networkPolicyName(cluster), 'network'),
    spec: {
      podSelector: { matchLabels: selectorLabels(cluster) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [...clients(wish), operator],
      egress: [dns, ...redis(cluster, wish), ...modelHub(cluster)],
    },
  };
}

const tcp = (...numbers: readonly number[]) => numbers.map((port) => ({ port, protocol: 'TCP' }));

/** Without a list everybody may connect; an empty one lets nobody in. Metrics are read on the clients' port. */
function clients({ clientsFrom, monitoringFrom = [] }: Wish): Incoming[] {
  if (!clientsFrom) return [{ ports: tcp(ports.http) }];
  const from = [...clientsFrom, ...monitoringFrom];
  return from.length === 0 ? [] : [{ from, ports: tcp(ports.http) }];
}

/** In whatever namespace it runs; it shows a token besides. The clients' port is for its probe of the routes. */
const operator: Incoming = {
  from: [{ namespaceSelector: {}, podSelector: { matchLabels: operatorLabels } }],
  ports: tcp(ports.admin, ports.http),
};

const dns: Outgoing = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};

/** A policy knows no names, so without `redisTo` it is the ports of the addresses, wherever they are. */
function redis(cluster: SchedulerCluster, { redisTo, redisPorts = [] }: Wish): Outgoing[] {
  if (embeddedRedis(cluster)) {
    const to = [{ podSelector: { matchLabels: redisSelectorLabels(cluster) } }];
    return [{ to, ports: tcp(redisPort) }];
  }
  const named = redisAccess(cluster).urls.map((url) => portOf(url, redisPort));
  const all = tcp(...new Set([...named, ...redisPorts].sort((a, b) => a - b)));
  return [{ ...(redisTo?.length ? { to: redisTo } : {}), ports: all }];
}

function modelHub({ spec: { config } }: SchedulerCluster): Outgoing[] {
  const url = config.modelHub?.baseUrl;
  if (!url || !URL.canParse(url)) return [];
  return [{ ports: tcp(portOf(url, url.startsWith('https:') ? 443 : 80)) }];
}

/** URL leaves out the port that is the scheme's own. */
function portOf(url: string, usual: number): number {
  const { port } = new URL(url);
  return port === '' ? usual : Number(port);
}
