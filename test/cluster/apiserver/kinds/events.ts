/** Events: two API groups show the same objects under different field names. Storage keeps the core form. */
import { invalidValue, required, type FieldError } from '../../../../operator/schema/field-error.ts';
import { objectAt, stringAt, type Json } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import type { Strategy } from './kind.ts';

/** core/v1 name to events.k8s.io/v1 name; all other fields are called alike. */
const renamed: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

function rename(event: ApiObject, names: ReadonlyMap<string, string>, apiVersion: string): ApiObject {
  const fields = Object.entries(event).map(([name, value]): [string, Json | undefined] => [
    names.get(name) ?? name,
    value,
  ]);
  return { ...(Object.fromEntries(fields) as ApiObject), apiVersion };
}

const toNewNames = new Map(renamed);
const toCoreNames = new Map(renamed.map(([core, fresh]) => [fresh, core]));

export const newEventForm = (event: ApiObject): ApiObject => rename(event, toNewNames, 'events.k8s.io/v1');
export const coreEventForm = (event: ApiObject): ApiObject => rename(event, toCoreNames, 'v1');

/** An event lives in the namespace of what it is about; events about cluster objects live in `default`. */
function namespaceErrors(event: ApiObject, about: string): FieldError[] {
  const namespace = stringAt(event, about, 'namespace') ?? '';
  const here = event.metadata.namespace ?? '';
  if (namespace === here || (namespace === '' && here === 'default')) return [];
  return [invalidValue(`${about}.namespace`, namespace, 'does not match event.namespace')];
}

/** Emptied fields of the old form are always present, as the real conversion writes them. */
function fillCore(event: ApiObject): void {
  for (const field of ['source', 'involvedObject']) event[field] = objectAt(event, field) ?? {};
  for (const field of ['firstTimestamp', 'lastTimestamp', 'eventTime']) event[field] ??= null;
  for (const field of ['reportingComponent', 'reportingInstance']) event[field] ??= '';
}

export const coreEventStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults: fillCore,
  validate: (event) => namespaceErrors(event, 'involvedObject'),
};

const eventTypes = ['Normal', 'Warning'];

export const newEventStrategy: Strategy = {
  nameCheck: 'subdomain',
  validate(event) {
    const missing = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'].filter(
      (field) => !stringAt(event, field),
    );
    const type = stringAt(event, 'type') ?? '';
    return [
      ...namespaceErrors(event, 'regarding'),
      ...missing.map((field) => required(field)),
      ...(eventTypes.includes(type) ? [] : [invalidValue('type', type, 'has invalid value: ' + type)]),
    ];
  },
};
