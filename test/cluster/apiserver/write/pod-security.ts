/** Pod Security admission: the `baseline` and `restricted` levels, enforced on pods and warned about on their templates. */
import type { Api } from '../api.ts';
import { containersOf } from '../kinds/pod-defaults.ts';
import {
  at,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { forbidden } from '../status.ts';

type Level = 'privileged' | 'baseline' | 'restricted';

const labelOf = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

const templates = new Set(['statefulsets', 'deployments', 'replicasets']);

/** Throws 403 for a pod that breaks the enforced level; adds a warning for a template that would make such pods. */
export function checkPodSecurity(api: Api, kind: Kind, object: ApiObject, warnings: string[]): void {
  if (kind.group === '' && kind.plural === 'pods') {
    const level = levelFor(api, object, ['enforce']);
    const broken = violationsOf(objectAt(object, 'spec') ?? {}, level);
    if (broken.length > 0) {
      throw forbidden(
        kind,
        object.metadata.name,
        `violates PodSecurity "${level}:latest": ${broken.join(', ')}`,
      );
    }
  } else if (kind.group === 'apps' && templates.has(kind.plural)) {
    const level = levelFor(api, object, ['warn', 'enforce']);
    const broken = violationsOf(objectAt(object, 'spec', 'template', 'spec') ?? {}, level);
    if (broken.length > 0) warnings.push(`would violate PodSecurity "${level}:latest": ${broken.join(', ')}`);
  }
}

/** The level that the object's namespace is labelled with, by the first mode that has a label. */
function levelFor({ store }: Api, object: ApiObject, modes: readonly string[]): Level {
  const labels = store.get('/namespaces', undefined, object.metadata.namespace ?? '')?.metadata.labels ?? {};
  return levelOf(modes.map((mode) => labels[labelOf(mode)]).find((level) => level !== undefined));
}

const levelOf = (value: string | undefined): Level =>
  value === 'restricted' || value === 'baseline' ? value : 'privileged';

export function violationsOf(spec: JsonObject, level: Level): string[] {
  if (level === 'privileged') return [];
  const checks = level === 'restricted' ? [...baseline, ...restricted] : baseline;
  return checks.flatMap((check) => check(spec) ?? []);
}

type Check = (spec: JsonObject) => string | undefined;

/** `container "a"` or `containers "a", "b"`. */
function named(containers: readonly JsonObject[]): string {
  const names = containers.map((container) => JSON.stringify(stringAt(container, 'name') ?? '')).join(', ');
  return `container${containers.length > 1 ? 's' : ''} ${names}`;
}

const failing = (
  spec: JsonObject,
  breaks: (security: JsonObject, container: JsonObject) => boolean,
): JsonObject[] =>
  containersOf(spec).filter((container) => breaks(objectAt(container, 'securityContext') ?? {}, container));

const perContainer =
  (label: string, must: string, breaks: (security: JsonObject, container: JsonObject) => boolean): Check =>
  (spec) => {
    const bad = failing(spec, breaks);
    return bad.length === 0 ? undefined : `${label} (${named(bad)} must ${must})`;
  };

const baseline: readonly Check[] = [
  (spec) => {
    const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true);
    return shared.length === 0
      ? undefined
      : `host namespaces (${shared.map((field) => `${field}=true`).join(', ')})`;
  },
  perContainer(
    'privileged',
    'not set securityContext.privileged=true',
    (security) => security['privileged'] === true,
  ),
  (spec) => {
    const volumes = objectsAt(spec, 'volumes').filter((volume) => volume['hostPath'] !== undefined);
    const names = volumes.map((volume) => JSON.stringify(stringAt(volume, 'name') ?? '')).join(', ');
    return volumes.length === 0
      ? undefined
      : `hostPath volumes (volume${volumes.length > 1 ? 's' : ''} ${names})`;
  },
  (spec) => {
    const bad = containersOf(spec).filter((container) =>
      objectsAt(container, 'ports').some((port) => Number(port['hostPort'] ?? 0) > 0),
    );
    return bad.length === 0 ? undefined : `hostPort (${named(bad)} uses a hostPort)`;
  },
];

const mayStay = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'name',
]);

const podLevel = (spec: JsonObject, ...path: string[]): unknown => at(spec, 'securityContext', ...path);

const restricted: readonly Check[] = [
  perContainer(
    'allowPrivilegeEscalation != false',
    'set securityContext.allowPrivilegeEscalation=false',
    (security) => security['allowPrivilegeEscalation'] !== false,
  ),
  perContainer(
    'unrestricted capabilities',
    'set securityContext.capabilities.drop=["ALL"]',
    (security) =>
      !stringsAt(security, 'capabilities', 'drop').includes('ALL') ||
      listAt(security, 'capabilities', 'add').some((capability) => capability !== 'NET_BIND_SERVICE'),
  ),
  (spec) => {
    const bad = objectsAt(spec, 'volumes').filter((volume) =>
      Object.keys(volume).some((field) => !mayStay.has(field)),
    );
    const shown = bad.map((volume) => JSON.stringify(stringAt(volume, 'name') ?? '')).join(', ');
    return bad.length === 0
      ? undefined
      : `restricted volume types (volume${bad.length > 1 ? 's' : ''} ${shown} uses restricted volume types)`;
  },
  (spec) => {
    const bad = failing(
      spec,
      (security) => (security['runAsNonRoot'] ?? podLevel(spec, 'runAsNonRoot')) !== true,
    );
    return bad.length === 0
      ? undefined
      : `runAsNonRoot != true (pod or ${named(bad)} must set securityContext.runAsNonRoot=true)`;
  },
  (spec) => {
    const root = podLevel(spec, 'runAsUser') === 0 ? ['pod'] : [];
    const bad = failing(spec, (security) => security['runAsUser'] === 0);
    const who = [...root, ...(bad.length > 0 ? [named(bad)] : [])];
    return who.length === 0 ? undefined : `runAsUser=0 (${who.join(' and ')} must not set runAsUser=0)`;
  },
  (spec) => {
    const allowed = ['RuntimeDefault', 'Localhost'];
    const bad = failing(spec, (security) => {
      const type = stringAt(security, 'seccompProfile', 'type') ?? podLevel(spec, 'seccompProfile', 'type');
      return typeof type !== 'string' || !allowed.includes(type);
    });
    if (bad.length === 0) return undefined;
    return `seccompProfile (pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`;
  },
];
