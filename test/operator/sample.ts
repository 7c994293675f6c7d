/** SchedulerClusters as the API server would hand them out: with the defaults of the definition filled in. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Definition, Schema } from '../../crds/typescript.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';

const definition = parse(
  readFileSync(new URL('../../crds/schedulercluster.yaml', import.meta.url), 'utf8'),
) as Definition;
const schema = definition.spec.versions[0]!.schema.openAPIV3Schema;

/** What a person may write: any part of the spec. */
export type Wish = Readonly<Record<string, unknown>>;

export const demoSpec = {
  replicas: 2,
  image: 'lingua-scheduler:dev',
  redis: { mode: 'single', url: 'redis://127.0.0.1:6379', keyPrefix: 'lingua-prod' },
};

export interface SampleOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
}

/** The demo's cluster, with `spec` laid over it. */
export function sampleCluster(spec: Wish = {}, options: SampleOptions = {}): SchedulerCluster {
  const { name = 'demo', namespace = 'default', uid = 'uid-of-demo', generation = 1 } = options;
  return withDefaults(schema, {
    apiVersion: 'lingua.dev/v1alpha1',
    kind: 'SchedulerCluster',
    metadata: { name, namespace, uid, generation },
    spec: given({ ...demoSpec, ...spec }),
  }) as SchedulerCluster;
}

/** As JSON would be sent: what is undefined is not there. */
const given = (wish: Wish): Wish =>
  Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));

function withDefaults(shape: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(shape.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value;
  const filled = new Map<string, unknown>(Object.entries(value));
  for (const [name, property] of Object.entries(shape.properties ?? {})) {
    const given = filled.get(name) ?? structuredClone(property.default);
    if (given !== undefined) filled.set(name, withDefaults(property, given));
  }
  return Object.fromEntries(filled);
}
