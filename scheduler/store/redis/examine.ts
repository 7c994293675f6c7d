/** What the servers say of themselves, for people. What an ACL forbids, or a server does not say, is left undefined. */
import type { Clock } from '../../../common/clock.ts';
import type { StoreFacts } from '../store.ts';
import type { RedisConnection, ServerClient } from './connection.ts';
import { asList, asNumber, asText } from './reply.ts';

type ServerFacts = StoreFacts['servers'][number];

export async function examineRedis(
  commands: RedisConnection,
  mode: 'single' | 'cluster',
  clock: Clock,
): Promise<StoreFacts> {
  const servers = await commands.servers();
  return { kind: 'redis', mode, servers: await Promise.all(servers.map((server) => examine(server, clock))) };
}

async function examine({ address, ask }: ServerClient, clock: Clock): Promise<ServerFacts> {
  const before = clock.now();
  const [seconds, micros] = asList(await ask('TIME')).map(asNumber);
  const ourClockMs = (before + clock.now()) / 2;
  const info = infoFields(await ask('INFO').catch(() => ''));
  const figure = (name: string) => (info.has(name) ? Number(info.get(name)) : undefined);
  const flag = (name: string) => (info.has(name) ? info.get(name) === '1' : undefined);
  return {
    address,
    version: info.get('valkey_version') ?? info.get('redis_version'),
    flavour: info.get('server_name') ?? (info.has('redis_version') ? 'redis' : undefined),
    clusterEnabled: flag('cluster_enabled'),
    maxmemoryBytes: figure('maxmemory'),
    usedMemoryBytes: figure('used_memory'),
    maxmemoryPolicy: info.get('maxmemory_policy'),
    appendOnly: flag('aof_enabled'),
    persistenceFailing: persistenceFailing(info),
    connectedReplicas: figure('connected_slaves'),
    clockMs: (seconds ?? 0) * 1000 + (micros ?? 0) / 1000,
    ourClockMs,
  };
}

function persistenceFailing(info: ReadonlyMap<string, string>): boolean | undefined {
  const outcomes = ['aof_last_write_status', 'rdb_last_bgsave_status'].map((name) => info.get(name));
  return outcomes.every((outcome) => outcome === undefined)
    ? undefined
    : outcomes.some((outcome) => outcome !== undefined && outcome !== 'ok');
}

/** `name:value` lines; comments and headings have no colon in the right place. */
function infoFields(reply: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of asText(reply).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}
