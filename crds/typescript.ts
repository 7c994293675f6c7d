/**
 * TypeScript types from the schema of the definition. What has a default is always there when the operator reads it, so
 * it is not optional; an object with fixed properties becomes a type literal, one without a map.
 */

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

export interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The source text of the types of the definition's first version. */
export function typesOf(definition: Definition): string {
  const { kind } = definition.spec.names;
  const [version] = definition.spec.versions;
  const schema = version?.schema.openAPIV3Schema;
  const { spec, status } = schema?.properties ?? {};
  if (!schema || !spec || !status) throw new Error('the definition has no schema with spec and status');
  return [
    `/** Made from crds/schedulercluster.yaml by \`npm run generate\`; a change here is lost. */`,
    `import type { KubeObject } from '../kube/kube.ts';`,
    '',
    comment(schema.description, 0) +
      `export interface ${kind} extends KubeObject {\n  spec: ${kind}Spec;\n  status?: ${kind}Status;\n}`,
    '',
    comment(spec.description, 0) + `export interface ${kind}Spec ${literal(spec, 0)}`,
    '',
    comment(status.description, 0) + `export interface ${kind}Status ${literal(status, 0)}`,
    '',
  ].join('\n');
}

function typeOf(schema: Schema, depth: number): string {
  if (schema['x-kubernetes-int-or-string']) return 'number | string';
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  switch (schema.type) {
    case 'array':
      return arrayOf(typeOf(schema.items ?? {}, depth));
    case 'object':
      return schema.additionalProperties
        ? `Record<string, ${typeOf(schema.additionalProperties, depth)}>`
        : literal(schema, depth);
    case 'integer':
      return 'number';
    case 'string':
    case 'boolean':
      return schema.type;
    case undefined:
    default:
      throw new Error(`no type is known for ${JSON.stringify(schema).slice(0, 80)}`);
  }
}

const arrayOf = (element: string): string => (element.includes('|') ? `(${element})[]` : `${element}[]`);

function literal(schema: Schema, depth: number): string {
  const indent = '  '.repeat(depth + 1);
  const lines = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const always = property.default !== undefined || schema.required?.includes(name);
    return `${comment(property.description, depth + 1)}${indent}${name}${always ? '' : '?'}: ${typeOf(property, depth + 1)};`;
  });
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

function comment(description: string | undefined, depth: number): string {
  return description ? `${'  '.repeat(depth)}/** ${description} */\n` : '';
}
