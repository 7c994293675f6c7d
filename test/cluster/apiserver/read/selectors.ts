/** Label and field selectors: parsed once per request, asked once per object. */
import { at, shown } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { badRequest } from '../status.ts';

export type Predicate = (object: ApiObject) => boolean;
type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

/** Splits at commas that are not inside the brackets of a set. */
const clauses = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');

const key = String.raw`([\w./-]+)`;
const setForm = new RegExp(String.raw`^${key}\s+(in|notin)\s*\(([^)]*)\)$`);
const equalForm = new RegExp(String.raw`^${key}\s*(==|=|!=|>|<)\s*([\w.:-]*)$`);
const presentForm = new RegExp(String.raw`^(!?)\s*${key}$`);

function requirement(clause: string): Requirement {
  const set = setForm.exec(clause);
  if (set)
    return inSet(
      set[1] ?? '',
      set[2] === 'in',
      (set[3] ?? '').split(',').map((value) => value.trim()),
    );
  const compared = equalForm.exec(clause);
  if (compared) return comparison(compared[1] ?? '', compared[2] ?? '', compared[3] ?? '');
  const present = presentForm.exec(clause);
  if (!present)
    throw badRequest(
      `unable to parse requirement: found '${clause.split(/\s+/)[1] ?? clause}', expected: in, notin, =, ==, !=, gt, lt`,
    );
  const [, not, name = ''] = present;
  return (labels) => Object.hasOwn(labels, name) !== (not === '!');
}

const inSet =
  (name: string, wanted: boolean, values: readonly string[]): Requirement =>
  (labels) =>
    values.includes(labels[name] ?? '\0') === wanted;

function comparison(name: string, operator: string, value: string): Requirement {
  if (operator === '!=') return (labels) => labels[name] !== value;
  if (operator === '>') return (labels) => Number(labels[name]) > Number(value);
  if (operator === '<') return (labels) => Number(labels[name]) < Number(value);
  return (labels) => labels[name] === value;
}

export function labelSelector(text: string): (labels: Labels) => boolean {
  const requirements = clauses(text).map(requirement);
  return (labels) => requirements.every((holds) => holds(labels));
}

/** Paths that may be selected on; `metadata.name` and `metadata.namespace` always may. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'reason',
    'reportingController',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  replicasets: ['status.replicas'],
  services: ['spec.clusterIP', 'spec.type'],
};

function fieldClause(clause: string, plural: string): Predicate {
  const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(clause);
  if (!match) throw badRequest(`invalid field selector: '${clause}'; can't understand '${clause}'`);
  const [, name = '', operator, value = ''] = match;
  const field = name.trim();
  if (!/^metadata\.(name|namespace)$/.test(field) && !selectable[plural]?.includes(field)) {
    throw badRequest(`field label not supported: ${field}`);
  }
  const path = field.split('.');
  return (object) => (fieldText(object, path) === value) === (operator !== '!=');
}

/** Absent fields are the empty string, numbers and booleans their text. */
const fieldText = (object: ApiObject, path: string[]): string =>
  shown(at(object, ...(path[0] === 'source' ? ['source', 'component'] : path)));

export function selection(plural: string, query: URLSearchParams): Predicate {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = clauses(query.get('fieldSelector') ?? '').map((clause) => fieldClause(clause, plural));
  return (object) => labels(object.metadata.labels ?? {}) && fields.every((holds) => holds(object));
}

export const hasSelectors = (query: URLSearchParams): boolean =>
  Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'));
