/** Which objects a list or a watch asks for. */
import type { KubeObject, ListQuery } from '../../operator/kube/kube.ts';

export function selects({ namespace, labelSelector, fieldSelector }: ListQuery, object: KubeObject): boolean {
  if (namespace && object.metadata.namespace !== namespace) return false;
  const labels = object.metadata.labels ?? {};
  return (
    terms(labelSelector).every((term) => holds(term, (name) => labels[name])) &&
    terms(fieldSelector).every((term) => holds(term, (path) => fieldOf(object, path)))
  );
}

const terms = (selector: string | undefined): string[] => (selector ? selector.split(',') : []);

/** `name=value`, `name==value`, `name!=value`, `name` (there is one) and `!name` (there is none). */
function holds(term: string, valueOf: (name: string) => string | undefined): boolean {
  const [, name = '', operator = '', value = ''] = /^([^=!]+)(==|!=|=)(.*)$/.exec(term.trim()) ?? [];
  if (operator === '!=') return valueOf(name) !== value;
  if (operator !== '') return valueOf(name) === value;
  return term.startsWith('!') ? valueOf(term.slice(1)) === undefined : valueOf(term.trim()) !== undefined;
}

function fieldOf(object: KubeObject, path: string): string | undefined {
  let value: unknown = object;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value === undefined ? undefined : JSON.stringify(value).replace(/^"|"$/g, '');
}
