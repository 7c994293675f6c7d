/** HorizontalPodAutoscalers: kept and checked as the API does. No controller acts on them here. */
import { invalidValue, required, type FieldError } from '../../../../operator/schema/field-error.ts';
import {
  fill,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  type Json,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import type { Strategy } from './kind.ts';
import { oneOf } from './pod-validation.ts';

const specOf = (autoscaler: ApiObject): JsonObject => objectAt(autoscaler, 'spec') ?? {};

export const autoscalerStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(autoscaler) {
    const spec = specOf(autoscaler);
    autoscaler['spec'] = spec;
    fill(spec, 'minReplicas', 1);
    if (objectsAt(spec, 'metrics').length === 0) spec['metrics'] = [nearlyBusy()];
    const behavior = objectAt(spec, 'behavior');
    if (behavior) defaultBehavior(behavior);
  },
  prepareForCreate(autoscaler) {
    autoscaler['status'] = { currentMetrics: null, desiredReplicas: 0 };
  },
  validate: (autoscaler) => [
    ...targetErrors(objectAt(autoscaler, 'spec', 'scaleTargetRef') ?? {}),
    ...boundErrors(specOf(autoscaler)),
    ...objectsAt(autoscaler, 'spec', 'metrics').flatMap(metricErrors),
    ...['scaleUp', 'scaleDown'].flatMap((way) => ruleErrors(autoscaler, way)),
  ],
};

/** What an autoscaler without metrics looks at. */
const nearlyBusy = (): JsonObject => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
});

/** A behavior that says something of one direction gets the documented rest of both. */
function defaultBehavior(behavior: JsonObject): void {
  const percent: Json = { type: 'Percent', value: 100, periodSeconds: 15 };
  const up = (behavior['scaleUp'] = objectAt(behavior, 'scaleUp') ?? {});
  fill(up, 'stabilizationWindowSeconds', 0);
  fill(up, 'policies', [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent]);
  const down = (behavior['scaleDown'] = objectAt(behavior, 'scaleDown') ?? {});
  fill(down, 'policies', [percent]);
  for (const rules of [up, down]) fill(rules, 'selectPolicy', 'Max');
}

function targetErrors(target: JsonObject): FieldError[] {
  const missing = ['kind', 'name'].filter((field) => !stringAt(target, field));
  const version = stringAt(target, 'apiVersion') ?? '';
  const hasGroup = version.includes('/') || target['kind'] === 'ReplicationController';
  return [
    ...missing.map((field) => required(`spec.scaleTargetRef.${field}`)),
    ...(hasGroup
      ? []
      : [invalidValue('spec.scaleTargetRef.apiVersion', version, 'apiVersion must specify API group')]),
  ];
}

function boundErrors(spec: JsonObject): FieldError[] {
  const min = numberAt(spec, 'minReplicas') ?? 1;
  const max = numberAt(spec, 'maxReplicas') ?? 0;
  return [
    ...(min < 1 ? [invalidValue('spec.minReplicas', min, 'must be greater than or equal to 1')] : []),
    ...(max < 1 ? [invalidValue('spec.maxReplicas', max, 'must be greater than 0')] : []),
    ...(max < min
      ? [invalidValue('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`')]
      : []),
  ];
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

function metricErrors(metric: JsonObject, index: number): FieldError[] {
  const path = `spec.metrics[${index}]`;
  return stringAt(metric, 'type') ? oneOf(metric, 'type', metricTypes, path) : [required(`${path}.type`)];
}

function ruleErrors(autoscaler: ApiObject, way: string): FieldError[] {
  const rules = objectAt(autoscaler, 'spec', 'behavior', way) ?? {};
  const path = `spec.behavior.${way}`;
  return [
    ...within(rules, 'stabilizationWindowSeconds', 3600, path),
    ...objectsAt(rules, 'policies').flatMap((policy, index) => {
      const at = `${path}.policies[${index}]`;
      return [
        ...oneOf(policy, 'type', ['Percent', 'Pods'], at),
        ...within(policy, 'periodSeconds', 1800, at),
      ];
    }),
  ];
}

function within(object: JsonObject, field: string, max: number, path: string): FieldError[] {
  const value = numberAt(object, field) ?? 0;
  const detail = `must be less than or equal to ${max}`;
  return value > max ? [invalidValue(`${path}.${field}`, value, detail)] : [];
}
