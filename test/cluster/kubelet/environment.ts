/** The environment variables of a container, from everything they may be taken from. Pure over what `sources` can see now. */
import type { Pod } from '../../../operator/kube/resources.ts';
import { expand } from './expand.ts';
import { podField, resourceField, type Placement } from './fields.ts';
import type { Sources } from './sources.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];
type Variable = NonNullable<Container['env']>[number];
type Bulk = NonNullable<Container['envFrom']>[number];

/** Either the variables, or what a person must create before the container can start. */
export type Environment =
  { readonly variables: Readonly<Record<string, string>> } | { readonly missing: string };

/** Bulk sources first, then single variables in order; a later one sees the earlier ones and replaces its namesake. */
export function environmentOf(
  pod: Pod,
  container: Container,
  placement: Placement,
  sources: Sources,
): Environment {
  const variables: Record<string, string> = {};
  for (const bulk of container.envFrom ?? []) {
    const found = bulkVariables(pod, bulk, sources);
    if ('missing' in found) return found;
    Object.assign(variables, found.variables);
  }
  for (const variable of container.env ?? []) {
    const found = valueOf(pod, container, variable, { placement, sources, variables });
    if (typeof found === 'object') return found;
    if (found !== undefined) variables[variable.name] = found;
  }
  return { variables };
}

function bulkVariables(
  pod: Pod,
  { prefix = '', configMapRef, secretRef }: Bulk,
  sources: Sources,
): Environment {
  const namespace = pod.metadata.namespace ?? '';
  const named = (data: Record<string, string>) => ({
    variables: Object.fromEntries(Object.entries(data).map(([key, value]) => [prefix + key, value])),
  });
  if (configMapRef?.name !== undefined) {
    const found = sources.configMap(namespace, configMapRef.name);
    if (found || configMapRef.optional) return named(found?.data ?? {});
    return { missing: `configmap "${configMapRef.name}" not found` };
  }
  if (secretRef?.name !== undefined) {
    const found = sources.secret(namespace, secretRef.name);
    if (found || secretRef.optional) return named(decoded(found?.data));
    return { missing: `secret "${secretRef.name}" not found` };
  }
  return { variables: {} };
}

interface Context {
  readonly placement: Placement;
  readonly sources: Sources;
  readonly variables: Readonly<Record<string, string>>;
}

/** Undefined: an optional source is not there, so the variable is not set. */
function valueOf(
  pod: Pod,
  container: Container,
  variable: Variable,
  { placement, sources, variables }: Context,
): string | undefined | { missing: string } {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', variables);
  if (from.fieldRef) {
    const { fieldPath } = from.fieldRef;
    return podField(pod, fieldPath, placement) ?? { missing: `fieldPath "${fieldPath}" is not supported` };
  }
  if (from.resourceFieldRef) {
    const value = resourceField(pod, container.name, from.resourceFieldRef);
    return value ?? { missing: `resource "${from.resourceFieldRef.resource}" is not supported` };
  }
  return keyedValue(pod.metadata.namespace ?? '', from, sources);
}

function keyedValue(
  namespace: string,
  { configMapKeyRef, secretKeyRef }: NonNullable<Variable['valueFrom']>,
  sources: Sources,
): string | undefined | { missing: string } {
  const [kind, ref] = configMapKeyRef ? ['configmap', configMapKeyRef] : ['secret', secretKeyRef];
  if (!ref?.name) return { missing: 'a source of this kind is not supported' };
  const object = configMapKeyRef ? sources.configMap(namespace, ref.name) : undefined;
  const secret = secretKeyRef ? sources.secret(namespace, ref.name) : undefined;
  const value = object?.data?.[ref.key] ?? decoded(secret?.data)[ref.key];
  if (value !== undefined || ref.optional) return value;
  if (!object && !secret) return { missing: `${kind} "${ref.name}" not found` };
  return { missing: `couldn't find key ${ref.key} in ${kind} ${namespace}/${ref.name}` };
}

const decoded = (data: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
