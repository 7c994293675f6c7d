/**
 * A way in from outside. A WebSocket may be silent for a long time, so the time-outs are the guide's 86400 seconds; a controller
 * that does not know an annotation does not mind it.
 */
import { ingressName, serviceName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Ingress } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

const timeouts: Readonly<Record<string, string>> = {
  'nginx.ingress.kubernetes.io/proxy-read-timeout': '86400',
  'nginx.ingress.kubernetes.io/proxy-send-timeout': '86400',
  'haproxy.org/timeout-tunnel': '86400s',
};

const pathOf = { Sockets: '/ws/', All: '/' } as const;

export function ingress(cluster: SchedulerCluster): Ingress | undefined {
  const wish = cluster.spec.ingress;
  if (!wish) return undefined;
  const { host, className, tlsSecretName, expose, annotations } = wish;
  const backend = { service: { name: serviceName(cluster), port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      ...ownedMetadata(cluster, ingressName(cluster), 'network'),
      annotations: { ...timeouts, ...annotations },
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: [{ host, http: { paths: [{ path: pathOf[expose], pathType: 'Prefix', backend }] } }],
      ...(tlsSecretName === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecretName }] }),
    },
  };
}
