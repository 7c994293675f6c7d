/**
 * What the chart takes over word for word, so that it is written once: the definition, the rights of the operator and those of
 * people. All become templates.
 */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments, parseDocument } from 'yaml';

const here = (file: string): string => new URL(file, import.meta.url).pathname;
const head = (of: string): string =>
  `{{- /* Made by \`make manifests\` from ${of}; a change here is lost. */ -}}\n`;

/** Every file with what belongs into it. */
export async function chartFiles(): Promise<ReadonlyMap<string, string>> {
  const [definition, userRoles, rules, leaseRules] = await Promise.all([
    readFile(here('../crds/schedulercluster.yaml'), 'utf8'),
    readFile(here('install/user-roles.yaml'), 'utf8'),
    readFile(here('install/rbac.yaml'), 'utf8'),
    readFile(here('base/lease-rbac.yaml'), 'utf8'),
  ]);
  return new Map([
    [here('chart/templates/crd.yaml'), definitionTemplate(definition)],
    [here('chart/templates/user-roles.yaml'), userRolesTemplate(userRoles)],
    [
      here('chart/templates/_rules.tpl'),
      head('manifests/install/rbac.yaml and manifests/base/lease-rbac.yaml') +
        defined('rules', rulesIn(rules)) +
        defined('leaseRules', rulesIn(leaseRules)),
    ],
  ]);
}

/** They are for the whole cluster, so a release for one namespace has none. */
function userRolesTemplate(userRoles: string): string {
  const documents = parseAllDocuments(userRoles);
  for (const document of documents)
    document.setIn(['metadata', 'labels', 'app.kubernetes.io/part-of'], 'lingua');
  const text = documents.map((document) => document.toString({ lineWidth: 0 })).join('');
  return (
    head('manifests/install/user-roles.yaml') +
    '{{- if and .Values.userRoles.enabled (eq .Values.scope "cluster") }}\n' +
    `${text}{{- end }}\n`
  );
}

/** A definition that went with its release would take all fleets along: Helm leaves it. */
function definitionTemplate(definition: string): string {
  if (definition.includes('{{')) throw new Error('the definition has braces, which a template would read');
  const document = parseDocument(definition);
  document.setIn(['metadata', 'labels', 'app.kubernetes.io/part-of'], 'lingua');
  document.setIn(['metadata', 'annotations', 'helm.sh/resource-policy'], 'keep');
  const condition = '{{- if and .Values.crds.install (eq .Values.scope "cluster") }}\n';
  return (
    head('crds/schedulercluster.yaml') + condition + document.toString({ lineWidth: 0 }) + '{{- end }}\n'
  );
}

const defined = (name: string, text: string): string =>
  `{{- define "lingua-operator.${name}" -}}\n${text}{{- end }}\n`;

/** The lines under `rules:` of the first object, comments and all. */
function rulesIn(text: string): string {
  const [, rules] = /^rules:\n((?: {2}.*\n)+)/m.exec(text) ?? [];
  if (rules === undefined) throw new Error('no rules');
  return rules.replaceAll(/^ {2}/gm, '');
}
