/** docs/reference/config.md: every key of config.toml, and where a SchedulerCluster sets it. */
import { z } from 'zod';
import type { Definition } from '../../crds/typescript.ts';
import { Config } from '../../scheduler/config/schema.ts';
import { code, page, table } from './markdown.ts';
import { allowed, childrenOf, defaultOf, typeOf, type Schema } from './schema.ts';

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

export function configReference(definition: Definition): string {
  const spec = (definition.spec.versions[0]?.schema.openAPIV3Schema as Schema).properties?.['spec'];
  const mirror = spec?.properties?.['config'];
  if (!mirror) throw new Error('the definition has no spec.config');
  const keys = keysOf('', z.toJSONSchema(Config, { io: 'input' }) as Schema);
  const tables = [...new Set(keys.map((key) => key.table))];
  return page(
    'config.toml',
    '`scheduler/config/schema.ts` and `crds/schedulercluster.yaml`',
    `Every key of a scheduler's configuration. On Kubernetes the operator writes the file; the fourth column says which field of the [SchedulerCluster](schedulercluster.md) sets the key, and
\`–\` that none does. Without Kubernetes it is the file of the deployment guide: \`scheduler check-config FILE\` checks it. An unknown key is an error that names the line and the nearest known key.`,
    ...tables.flatMap((name) => [
      `## ${code(`[${name}]`)}`,
      table(
        ['key', 'default', 'allowed', 'SchedulerCluster', 'what it is'],
        keys.filter((key) => key.table === name).map((key) => row(key, mirror)),
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

function row({ table: path, name, schema }: Key, mirror: Schema): string[] {
  const key = `${path}.${name}`;
  const mirrored = key
    .split('.')
    .reduce<Schema | undefined>((at, part) => at?.properties?.[camelCased(part)], mirror);
  const description = mirrored?.description ?? schema.description;
  if (!description) throw new Error(`nothing says what ${key} is: describe it in scheduler/config/schema.ts`);
  const field = mirrored
    ? code(`spec.config.${key.split('.').map(camelCased).join('.')}`)
    : (elsewhere[key] ?? '–');
  const words = allowed(schema) || (schema.type === 'boolean' ? 'true, false' : typeOf(schema));
  return [code(name), code(defaultOf(schema)), words, field, description];
}

const camelCased = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
