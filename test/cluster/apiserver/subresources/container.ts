/** Which container of a pod is meant. */
import { objectsAt, stringAt } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { badRequest } from '../status.ts';

/** The only one, unless it is named; throws when that leaves it open. */
export function containerFor(pod: ApiObject, asked: string): string {
  const names = objectsAt(pod, 'spec', 'containers').map((container) => stringAt(container, 'name') ?? '');
  const [first = ''] = names;
  if (asked === '' && names.length > 1) {
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]`,
    );
  }
  const known = [
    ...names,
    ...objectsAt(pod, 'spec', 'initContainers').map((container) => stringAt(container, 'name') ?? ''),
  ];
  if (asked !== '' && !known.includes(asked)) {
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  return asked === '' ? first : asked;
}
