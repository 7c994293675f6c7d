/** Two words that the API tests use besides those of a place. */
import type { Answer } from '../target.ts';
import type { Place } from '../workloads/place.ts';

export const json = async <T>(place: Place, ...args: string[]): Promise<T> =>
  JSON.parse(await place.kubectl(...args, '-o', 'json')) as T;

export const createFrom = (place: Place, object: object, ...args: string[]): Promise<Answer> =>
  place.tryKubectl(['create', '-f', '-', ...args], { input: JSON.stringify(object) });

/** Without pods, so that nothing runs. */
export const statefulSet = (spec: object = {}, container: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web' },
  spec: {
    replicas: 0,
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'x:1', ...container }] },
    },
    ...spec,
  },
});
