/** Documented defaults of a pod spec, for pods and for the templates of workloads. In place. */
import { fill, objectAt, objectsAt, stringAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { canonicalQuantity, canonicalResources } from '../../../../operator/schema/quantity.ts';

export function defaultPodSpec(spec: JsonObject): void {
  fill(spec, 'restartPolicy', 'Always');
  fill(spec, 'terminationGracePeriodSeconds', 30);
  fill(spec, 'dnsPolicy', 'ClusterFirst');
  fill(spec, 'securityContext', {});
  fill(spec, 'schedulerName', 'default-scheduler');
  sameServiceAccount(spec);
  objectsAt(spec, 'volumes').forEach(defaultVolume);
  const hostNetwork = spec['hostNetwork'] === true;
  for (const container of containersOf(spec)) defaultContainer(container, hostNetwork);
}

/** `serviceAccount` is the old name of the same field; both are served. */
function sameServiceAccount(spec: JsonObject): void {
  const name = stringAt(spec, 'serviceAccountName') ?? stringAt(spec, 'serviceAccount');
  if (!name) return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

export const containersOf = (spec: JsonObject): JsonObject[] => [
  ...objectsAt(spec, 'initContainers'),
  ...objectsAt(spec, 'containers'),
];

function defaultContainer(container: JsonObject, hostNetwork: boolean): void {
  fill(container, 'terminationMessagePath', '/dev/termination-log');
  fill(container, 'terminationMessagePolicy', 'File');
  fill(container, 'imagePullPolicy', pullPolicy(stringAt(container, 'image') ?? ''));
  fill(container, 'resources', {});
  canonicalAmounts(objectAt(container, 'resources'));
  for (const port of objectsAt(container, 'ports')) {
    fill(port, 'protocol', 'TCP');
    if (hostNetwork && port['containerPort'] !== undefined) fill(port, 'hostPort', port['containerPort']);
  }
  for (const variable of objectsAt(container, 'env')) defaultFieldRef(objectAt(variable, 'valueFrom'));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    defaultProbe(objectAt(container, name));
  for (const hook of ['postStart', 'preStop'])
    defaultHttpGet(objectAt(container, 'lifecycle', hook, 'httpGet'));
}

/** A floating tag may move, so it is pulled each time; a fixed one is not. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function canonicalAmounts(resources: JsonObject | undefined): void {
  canonicalResources(objectAt(resources, 'limits'));
  canonicalResources(objectAt(resources, 'requests'));
}

/** In a pod, though not yet in a template, a limit without a request is also the request. */
export function defaultRequests(spec: JsonObject): void {
  for (const container of containersOf(spec)) {
    const resources = objectAt(container, 'resources');
    const limits = objectAt(resources, 'limits') ?? {};
    if (resources && Object.keys(limits).length > 0) {
      resources['requests'] = { ...limits, ...objectAt(resources, 'requests') };
    }
  }
}

function defaultFieldRef(source: JsonObject | undefined): void {
  const fieldRef = objectAt(source, 'fieldRef');
  if (fieldRef) fill(fieldRef, 'apiVersion', 'v1');
  const resource = objectAt(source, 'resourceFieldRef');
  if (resource) resource['divisor'] = canonicalQuantity(stringAt(resource, 'divisor') ?? '0');
}

function defaultProbe(probe: JsonObject | undefined): void {
  if (!probe) return;
  fill(probe, 'timeoutSeconds', 1);
  fill(probe, 'periodSeconds', 10);
  fill(probe, 'successThreshold', 1);
  fill(probe, 'failureThreshold', 3);
  defaultHttpGet(objectAt(probe, 'httpGet'));
  const grpc = objectAt(probe, 'grpc');
  if (grpc) fill(grpc, 'service', '');
}

function defaultHttpGet(httpGet: JsonObject | undefined): void {
  if (!httpGet) return;
  fill(httpGet, 'path', '/');
  fill(httpGet, 'scheme', 'HTTP');
}

const readableByAll = 0o644;

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {};
  for (const source of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const found = objectAt(volume, source);
    if (found) fill(found, 'defaultMode', readableByAll);
  }
  const hostPath = objectAt(volume, 'hostPath');
  if (hostPath) fill(hostPath, 'type', '');
  const emptyDir = objectAt(volume, 'emptyDir');
  const size = stringAt(emptyDir, 'sizeLimit');
  if (emptyDir && size) emptyDir['sizeLimit'] = canonicalQuantity(size);
  objectsAt(volume, 'downwardAPI', 'items').forEach(defaultFieldRef);
  objectsAt(volume, 'projected', 'sources').forEach(defaultProjection);
}

function defaultProjection(source: JsonObject): void {
  const token = objectAt(source, 'serviceAccountToken');
  if (token) fill(token, 'expirationSeconds', 3600);
  objectsAt(source, 'downwardAPI', 'items').forEach(defaultFieldRef);
}
