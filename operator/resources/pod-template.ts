/**
 * The pod of one instance. Nothing in here may come from the operator's own version or from what it saw: a template that
 * changes by itself restarts every fleet.
 */
import {
  adminTokenKey,
  environment,
  mounts,
  paths,
  ports,
  terminationGraceSeconds,
} from '../../common/workload.ts';
import { contentHash } from '../api/digest.ts';
import { once } from '../api/memo.ts';
import { ownedLabels, selectorLabels } from '../api/labels.ts';
import { adminSecretName, serviceAccountName } from '../api/names.ts';
import { redisAccess, type SecretFiles } from '../api/redis.ts';
import type { SchedulerCluster, SchedulerClusterSpec } from '../api/schedulercluster.gen.ts';
import type { PodTemplate } from '../kube/resources.ts';
import { currentConfigMapName } from './config-map.ts';
import { canonicalQuantity } from '../schema/quantity.ts';

type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];

export const containerName = 'scheduler';
export const configVolume = 'config';
const adminVolume = 'admin';
const redisAuthVolume = 'redis-auth';
const redisCaVolume = 'redis-ca';

/** The `nonroot` user of distroless images. */
const user = 65532;

/** The restricted pod security standard, and a root file system that nothing is written to. */
export const restricted = {
  pod: {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  container: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

export function podTemplate(cluster: SchedulerCluster): PodTemplate {
  const { spec } = cluster;
  return {
    metadata: {
      labels: { ...spec.podLabels, ...ownedLabels(cluster, 'scheduler') },
      ...(spec.podAnnotations ? { annotations: spec.podAnnotations } : {}),
    },
    spec: {
      serviceAccountName: serviceAccountName(cluster),
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: terminationGraceSeconds(
        spec.drain.timeoutSeconds,
        spec.config.scheduler.endpointGraceSeconds,
      ),
      securityContext: restricted.pod,
      containers: [container(cluster)],
      volumes: volumes(cluster),
      topologySpreadConstraints: spread(cluster),
      ...(spec.affinity ? { affinity: spec.affinity } : {}),
      ...placement(spec),
    },
  };
}

/** Names a pod template: what people promote, and how a template that changed is known for certain. */
export const templateHash = once((cluster: SchedulerCluster): string =>
  contentHash(podTemplate(cluster)).slice(0, 8),
);

/** Evenly over nodes, as well as it goes, unless the spec says how. */
function spread(cluster: SchedulerCluster): NonNullable<PodSpec['topologySpreadConstraints']> {
  const labelSelector = { matchLabels: selectorLabels(cluster) };
  const constraints = cluster.spec.topologySpreadConstraints ?? [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' as const },
  ];
  return constraints.map(({ maxSkew, topologyKey, whenUnsatisfiable }) => ({
    maxSkew,
    topologyKey,
    whenUnsatisfiable,
    labelSelector,
  }));
}

/** Where pods of the fleet may run, the embedded Redis among them, and how they are pulled. */
export function placement(spec: SchedulerClusterSpec): Partial<PodSpec> {
  const { nodeSelector, tolerations, priorityClassName, imagePullSecrets } = spec;
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(imagePullSecrets ? { imagePullSecrets } : {}),
  };
}

function container(cluster: SchedulerCluster): Container {
  const { spec } = cluster;
  return {
    name: containerName,
    image: spec.image,
    imagePullPolicy: spec.imagePullPolicy,
    args: ['--config', `${mounts.configDirectory}/$(${environment.podName}).toml`],
    ports: [
      { name: 'http', containerPort: ports.http, protocol: 'TCP' },
      { name: 'admin', containerPort: ports.admin, protocol: 'TCP' },
    ],
    env: variables(spec),
    resources: resources(spec.resources),
    ...probes,
    // The line with which a scheduler refuses its configuration becomes the status of its pod.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: restricted.container,
    volumeMounts: [
      // Directories: a mounted single file would never see an update.
      { name: configVolume, mountPath: mounts.configDirectory, readOnly: true },
      { name: adminVolume, mountPath: directoryOf(mounts.adminTokenFile), readOnly: true },
      ...redisSecrets(cluster).map(({ name, directory }) => ({ name, mountPath: directory, readOnly: true })),
    ],
  };
}

/** Liveness says only that the event loop turns; a Redis that is away must not restart the fleet. */
const probes: Pick<Container, 'startupProbe' | 'livenessProbe' | 'readinessProbe'> = {
  startupProbe: {
    httpGet: { path: paths.livez, port: 'http' },
    periodSeconds: 1,
    timeoutSeconds: 2,
    failureThreshold: 60,
  },
  livenessProbe: {
    httpGet: { path: paths.livez, port: 'http' },
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
  readinessProbe: {
    httpGet: { path: paths.readyz, port: 'http' },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
};

function variables(spec: SchedulerClusterSpec): NonNullable<Container['env']> {
  const field = (name: string, fieldPath: string) => ({
    name,
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
  });
  return [
    field(environment.podName, 'metadata.name'),
    field(environment.podUid, 'metadata.uid'),
    field(environment.podIndex, "metadata.labels['apps.kubernetes.io/pod-index']"),
    { name: environment.adminTokenFile, value: mounts.adminTokenFile },
    ...(spec.env ?? []),
  ];
}

export function resources({
  requests,
  limits,
}: SchedulerClusterSpec['resources']): NonNullable<Container['resources']> {
  return {
    ...(requests ? { requests: quantities(requests) } : {}),
    ...(limits ? { limits: quantities(limits) } : {}),
  };
}

function quantities(wanted: Readonly<Record<string, number | string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).map(([name, quantity]) => [name, canonicalQuantity(quantity)]),
  );
}

type Volume = NonNullable<PodSpec['volumes']>[number];

function volumes(cluster: SchedulerCluster): Volume[] {
  return [
    { name: configVolume, configMap: { name: currentConfigMapName(cluster) } },
    secretVolume(adminVolume, adminSecretName(cluster), { [adminTokenKey]: mounts.adminTokenFile }),
    ...redisSecrets(cluster).map(({ name, secretName, files }) => secretVolume(name, secretName, files)),
  ];
}

interface MountedSecret extends SecretFiles {
  readonly name: string;
  readonly directory: string;
}

/** Directories, so that a rotated password reaches the pod without a restart. */
function redisSecrets(cluster: SchedulerCluster): MountedSecret[] {
  const { auth, authorities } = redisAccess(cluster);
  return [
    ...(auth ? [{ ...auth, name: redisAuthVolume, directory: directoryOf(mounts.redisPasswordFile) }] : []),
    ...(authorities
      ? [{ ...authorities, name: redisCaVolume, directory: directoryOf(mounts.redisCaFile) }]
      : []),
  ];
}

/** @param files the path of each key; readable by the pod's group alone */
export function secretVolume(
  name: string,
  secretName: string,
  files: Readonly<Record<string, string>>,
): Volume {
  const items = Object.entries(files).map(([key, path]) => ({ key, path: fileOf(path) }));
  return { name, secret: { secretName, items, defaultMode: 0o440 } };
}

const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
