/** Pod Security admission: the `baseline` and `restricted` levels, enforced on pods and warned about on their templates. */
import { objectAt } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import type { Api } from '../api.ts';
import type { Kind } from '../kinds/kind.ts';
import { forbidden } from '../status.ts';
import { violationsOf, type Level } from './pod-security-standards.ts';

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
