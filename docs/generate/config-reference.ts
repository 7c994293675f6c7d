/** docs/reference/config.md: every key of config.toml, and where a SchedulerCluster sets it. */
import { z } from 'zod';
import type { Definition } from '../../crds/typescript.ts';
import { Config } from '../../scheduler/config/schema.ts';
import { descriptionOf } from './cluster-reference.ts';
import { code, headsOf, page, table } from './markdown.ts';
import { allowed, childrenOf, defaultOf, typeOf, type Schema } from './schema.ts';
import type { Tongue } from './tongue.ts';

/** What a SchedulerCluster sets elsewhere than under spec.config, or what the operator writes by itself. */
const elsewhere: Readonly<Record<string, string>> = {
  'server.port': 'always 5010',
  'server.host': 'always all addresses',
  'admin.port': 'always 5011',
  'scheduler.drain_timeout_seconds': '`spec.drain.timeoutSeconds`',
  'scheduler.phase2.enabled': 'always true',
  'scheduler.phase2.instance_id': 'the name of the pod',
  'scheduler.phase2.redis.mode': '`spec.redis.mode`',
  'scheduler.phase2.redis.url': '`spec.redis.url`',
  'scheduler.phase2.redis.cluster_urls': '`spec.redis.clusterUrls`',
  'scheduler.phase2.redis.key_prefix': '`spec.redis.keyPrefix`',
  'scheduler.phase2.redis.username_file': '`spec.redis.authSecretRef`',
  'scheduler.phase2.redis.password_file': '`spec.redis.authSecretRef`',
  'scheduler.phase2.redis.tls_ca_file': '`spec.redis.tls.caSecretRef`',
};

interface Key {
  readonly table: string;
  readonly name: string;
  readonly schema: Schema;
}

export function configReference(tongue: Tongue, definition: Definition): string {
  const spec = (definition.spec.versions[0]?.schema.openAPIV3Schema as Schema).properties?.['spec'];
  const mirror = spec?.properties?.['config'];
  if (!mirror) throw new Error('the definition has no spec.config');
  const keys = keysOf('', z.toJSONSchema(Config, { io: 'input' }) as Schema);
  const tables = [...new Set(keys.map((key) => key.table))];
  return page(
    tongue,
    'config.toml',
    '`scheduler/config/schema.ts` and `crds/schedulercluster.yaml`',
    tongue.tell(
      'config/intro',
      `Every key of a scheduler's configuration. On Kubernetes the operator writes the file; the fourth column says which field of the [SchedulerCluster](schedulercluster.md) sets the key, and
\`–\` that none does. Without Kubernetes it is the file of the deployment guide: \`scheduler check-config FILE\` checks it. An unknown key is an error that names the line and the nearest known key.`,
    ),
    ...tables.flatMap((name) => [
      `## ${code(`[${name}]`)}`,
      table(
        headsOf(tongue, ['key', 'default', 'allowed', 'SchedulerCluster', 'what it is']),
        keys.filter((key) => key.table === name).map((key) => row(tongue, key, mirror)),
      ),
    ]),
  );
}

function keysOf(path: string, schema: Schema): Key[] {
  return childrenOf(schema).flatMap(([name, child]) => {
    const isTable = childrenOf(child).length > 0;
    if (isTable) return keysOf(path === '' ? name : `${path}.${name}`, child);
    return [{ table: path, name, schema: child }];
  });
}

function row(tongue: Tongue, { table: path, name, schema }: Key, mirror: Schema): string[] {
  const key = `${path}.${name}`;
  const parts = key.split('.').map(camelCased);
  const mirrored = parts.reduce<Schema | undefined>((at, part) => at?.properties?.[part], mirror);
  const field = `spec.config.${parts.join('.')}`;
  return [
    code(name),
    code(defaultOf(schema)),
    allowed(tongue, schema) || (schema.type === 'boolean' ? 'true, false' : typeOf(tongue, schema)),
    mirrored ? code(field) : setElsewhere(tongue, key),
    mirrored?.description ? descriptionOf(tongue, field, mirrored) : described(tongue, key, schema),
  ];
}

function setElsewhere(tongue: Tongue, key: string): string {
  const by = elsewhere[key] ?? '–';
  return /[a-z]/.test(by) && !by.startsWith('`') ? tongue.tell(`config/${key} is set`, by) : by;
}

function described(tongue: Tongue, key: string, { description }: Schema): string {
  if (!description) throw new Error(`nothing says what ${key} is: describe it in scheduler/config/schema.ts`);
  return tongue.tell(`config/${key}`, description);
}

const camelCased = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
