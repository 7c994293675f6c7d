/** docs/reference/schedulercluster.md: every field of the definition, with what `kubectl explain` says of it. */
import type { Definition } from '../../crds/typescript.ts';
import { code, headsOf, page, table } from './markdown.ts';
import { allowed, childrenOf, defaultOf, typeOf, type Schema } from './schema.ts';
import { filled, type Tongue } from './tongue.ts';

/** A list shows its items' fields, so that nothing hides behind `list of object`. */
const inside = (schema: Schema): Schema => (schema.type === 'array' ? inside(schema.items ?? {}) : schema);

const hasFields = (schema: Schema): boolean => childrenOf(inside(schema)).length > 0;

export function clusterReference(tongue: Tongue, definition: Definition): string {
  const [version] = definition.spec.versions;
  const { spec, status } = (version?.schema.openAPIV3Schema as Schema).properties ?? {};
  if (!version || !spec || !status) throw new Error('the definition has no schema with spec and status');
  const intro = tongue.tell(
    'schedulercluster/intro',
    `What \`kubectl explain\` says of each field, on one page. **Bold** fields must be set. A rule that several fields must keep
together stands under its section; the API server refuses what breaks it, with these words.`,
  );
  return page(
    tongue,
    definition.spec.names.kind,
    '`crds/schedulercluster.yaml`',
    `\`${definition.spec.group}/${version.name}\`. ${intro}`,
    ...sections(tongue, 'spec', spec),
    '## status',
    tongue.tell(
      'schedulercluster/intro of status',
      'Written by the operator only. Conditions and their reasons are in [reasons.md](reasons.md).',
    ),
    ...sections(tongue, 'status', status),
  );
}

/** One for the object and one for each object in it, in the order of the definition. */
function sections(tongue: Tongue, path: string, schema: Schema): string[] {
  const body = inside(schema);
  const fields = childrenOf(body);
  const required = new Set(body.required);
  const rows = fields.map(([name, field]) => [
    required.has(name) ? `**${code(name)}**` : code(name),
    typeOf(tongue, field),
    code(defaultOf(field)),
    allowed(tongue, field),
    [
      descriptionOf(tongue, `${path}.${name}`, field),
      ...(hasFields(field) ? [] : rulesOf(tongue, `${path}.${name}`, field)),
    ].join(tongue.space),
  ]);
  const rules = rulesOf(tongue, path, schema);
  if (body !== schema) rules.push(...rulesOf(tongue, `${path} item`, body));
  const heads = headsOf(tongue, ['field', 'type', 'default', 'allowed', 'what it is']);
  return [
    `### ${path}`,
    ...(path.includes('.') && schema.description
      ? [descriptionOf(tongue, path.replace(/(\[\])+$/, ''), schema)]
      : []),
    table(heads, rows),
    ...(rules.length > 0 ? [rules.map((rule) => `- ${rule}`).join('\n')] : []),
    ...fields
      .filter(([, field]) => hasFields(field))
      .flatMap(([name, field]) =>
        sections(tongue, `${path}.${name}${field.type === 'array' ? '[]' : ''}`, field),
      ),
  ];
}

/** Also the configuration reference tells what these fields are. */
export const descriptionOf = (tongue: Tongue, path: string, { description }: Schema): string =>
  description ? tongue.tell(`schedulercluster/${path}`, description) : '';

/** Messages are written to follow the name of a field. */
const rulesOf = (tongue: Tongue, path: string, schema: Schema): string[] =>
  (schema['x-kubernetes-validations'] ?? []).flatMap(({ message, fieldPath }, at) => {
    if (!message) return [];
    const words = tongue.tell(`schedulercluster/${path} rule ${String(at + 1)}`, message);
    const rule = filled(tongue.tell('words/rule', '{message}.'), { message: words });
    if (fieldPath) return [`${code(fieldPath.replace(/^\./, ''))} ${rule}`];
    return [
      message.startsWith('must ') ? filled(tongue.tell('words/rule of it', 'It {rule}'), { rule }) : rule,
    ];
  });
