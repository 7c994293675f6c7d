/** docs/reference/schedulercluster.md: every field of the definition, with what `kubectl explain` says of it. */
import type { Definition } from '../../crds/typescript.ts';
import { code, page, table } from './markdown.ts';
import { allowed, childrenOf, defaultOf, typeOf, type Schema } from './schema.ts';

/** A list shows its items' fields, so that nothing hides behind `list of object`. */
const inside = (schema: Schema): Schema => (schema.type === 'array' ? inside(schema.items ?? {}) : schema);

const hasFields = (schema: Schema): boolean => childrenOf(inside(schema)).length > 0;

export function clusterReference(definition: Definition): string {
  const [version] = definition.spec.versions;
  const { spec, status } = (version?.schema.openAPIV3Schema as Schema).properties ?? {};
  if (!version || !spec || !status) throw new Error('the definition has no schema with spec and status');
  return page(
    definition.spec.names.kind,
    '`crds/schedulercluster.yaml`',
    `\`${definition.spec.group}/${version.name}\`. What \`kubectl explain\` says of each field, on one page. **Bold** fields must be set. A rule that several fields must keep
together stands under its section; the API server refuses what breaks it, with these words.`,
    ...sections('spec', spec),
    '## status\n\nWritten by the operator only. Conditions and their reasons are in [reasons.md](reasons.md).',
    ...sections('status', status),
  );
}

/** One for the object and one for each object in it, in the order of the definition. */
function sections(path: string, schema: Schema): string[] {
  const body = inside(schema);
  const fields = childrenOf(body);
  const required = new Set(body.required);
  const rows = fields.map(([name, field]) => [
    required.has(name) ? `**${code(name)}**` : code(name),
    typeOf(field),
    code(defaultOf(field)),
    allowed(field),
    [field.description ?? '', ...(hasFields(field) ? [] : rulesOf(field))].join(' '),
  ]);
  const rules = rulesOf(schema).concat(body === schema ? [] : rulesOf(body));
  return [
    `### ${path}`,
    ...(path.includes('.') && schema.description ? [schema.description] : []),
    table(['field', 'type', 'default', 'allowed', 'what it is'], rows),
    ...(rules.length > 0 ? [rules.map((rule) => `- ${rule}`).join('\n')] : []),
    ...fields
      .filter(([, field]) => hasFields(field))
      .flatMap(([name, field]) => sections(`${path}.${name}${field.type === 'array' ? '[]' : ''}`, field)),
  ];
}

/** Messages are written to follow the name of a field. */
const rulesOf = (schema: Schema): string[] =>
  (schema['x-kubernetes-validations'] ?? []).flatMap(({ message, fieldPath }) => {
    if (!message) return [];
    if (fieldPath) return [`${code(fieldPath.replace(/^\./, ''))} ${message}.`];
    return [message.startsWith('must ') ? `It ${message}.` : `${message}.`];
  });
