/**
 * What `scheduler doctor` makes of what it found: one finding for each thing that can be wrong, with a remedy. Pure; the
 * limits are the guide's where it names one.
 */
import { count } from '../../common/count.ts';
import type { Config } from '../config/schema.ts';
import type { StoreFacts } from '../store/store.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was looked at. */
  readonly check: string;
  readonly what: string;
  /** What to do about it; undefined when it is well. */
  readonly remedy: string | undefined;
}

export interface KnownInstance {
  readonly instanceId: string;
  readonly alive: boolean;
  readonly hostname: string | undefined;
  readonly pid: number | undefined;
  /** Host and process of who publishes its figures; they are the presence's, unless two processes use the id. */
  readonly publisher: { readonly hostname: string; readonly pid: number } | undefined;
  readonly inbox: { readonly length: number; readonly pending: number; readonly dlqLength: number };
  /** How long its oldest unacknowledged entry has waited. */
  readonly oldestPendingMs: number | undefined;
}

type Server = StoreFacts['servers'][number];

const ok = (check: string, what: string): Finding => ({ level: 'ok', check, what, remedy: undefined });
const warn = (check: string, what: string, remedy: string): Finding => ({
  level: 'warn',
  check,
  what,
  remedy,
});
const fail = (check: string, what: string, remedy: string): Finding => ({
  level: 'fail',
  check,
  what,
  remedy,
});

const mebibyte = 1024 * 1024;

/** The guide: the way to Redis takes less than this. */
const roundTripMaxMs = 10;

export function roundTripFinding(medianMs: number): Finding {
  const what = `answers in ${medianMs.toFixed(1)} ms`;
  return medianMs < roundTripMaxMs
    ? ok('round trip', what)
    : warn(
        'round trip',
        what,
        `run Redis in the same region: the guide asks for less than ${String(roundTripMaxMs)} ms`,
      );
}

export function serverFindings(facts: StoreFacts): Finding[] {
  return [
    modeFinding(facts),
    ...facts.servers.flatMap((server) => [
      versionFinding(server),
      policyFinding(server),
      persistenceFinding(server),
      clockFinding(server),
    ]),
  ];
}

function modeFinding({ mode, servers }: StoreFacts): Finding {
  const clustered = servers.some(({ clusterEnabled }) => clusterEnabled === true);
  const check = 'mode';
  if (mode === 'single' && clustered)
    return fail(
      check,
      'mode is "single", and the server is part of a cluster',
      'set [scheduler.phase2.redis] mode = "cluster" and cluster_urls',
    );
  return ok(check, mode === 'cluster' ? `cluster of ${count(servers.length, 'master')}` : 'single server');
}

function versionFinding({ address, version, flavour }: Server): Finding {
  const check = `version ${address}`;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined)
    return warn(
      check,
      'the server does not tell it',
      'allow INFO to this user, or look yourself: 7.0 or newer',
    );
  const what = `${flavour ?? 'redis'} ${version}`;
  if (major < 6 || (major === 6 && minor < 2))
    return fail(check, what, 'upgrade: XAUTOCLAIM came with 6.2; 7.0 or newer is what is tested');
  return major < 7
    ? warn(check, what, 'upgrade to 7.0 or newer: older ones are not tested')
    : ok(check, what);
}

function policyFinding({ address, maxmemoryPolicy }: Server): Finding {
  const check = `eviction ${address}`;
  if (maxmemoryPolicy === undefined)
    return warn(check, 'the server does not tell its policy', 'allow INFO to this user, or look yourself');
  return maxmemoryPolicy === 'noeviction'
    ? ok(check, 'noeviction')
    : fail(
        check,
        `maxmemory-policy is ${maxmemoryPolicy}: Redis may throw accepted jobs away`,
        'CONFIG SET maxmemory-policy noeviction, and in redis.conf',
      );
}

function persistenceFinding({ address, appendOnly, persistenceFailing }: Server): Finding {
  const check = `persistence ${address}`;
  if (persistenceFailing === true)
    return fail(check, 'the last write to disk failed', 'look at the disk and the log of Redis');
  if (appendOnly === undefined)
    return warn(check, 'the server does not tell', 'allow INFO to this user, or look yourself');
  return appendOnly
    ? ok(check, 'append-only file on')
    : warn(
        check,
        'append-only file off: a restart of Redis forgets accepted jobs',
        'CONFIG SET appendonly yes, and in redis.conf',
      );
}

const skewMaxMs = 1000;

function clockFinding({ address, clockMs, ourClockMs }: Server): Finding {
  const skewMs = Math.round(clockMs - ourClockMs);
  const check = `clock ${address}`;
  const what = `${String(Math.abs(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead of'} this machine`;
  return Math.abs(skewMs) <= skewMaxMs
    ? ok(check, what)
    : warn(check, what, 'synchronise the clocks (NTP): deadlines are safe, but times in logs do not match');
}

/** The guide's formula: 100 MB for each instance, 10 KB for each node. */
export function memoryFinding(servers: StoreFacts['servers'], instances: number, nodes: number): Finding {
  const check = 'memory';
  const neededBytes = Math.max(1, instances) * 100 * mebibyte + nodes * 10 * 1024;
  const needed = `${mib(neededBytes)} for ${count(Math.max(1, instances), 'instance')} and ${count(nodes, 'node')}`;
  if (servers.some(({ maxmemoryBytes }) => maxmemoryBytes === undefined))
    return warn(check, 'the server does not tell maxmemory', 'allow INFO to this user, or look yourself');
  const limits = servers.map(({ maxmemoryBytes = 0 }) => maxmemoryBytes);
  if (limits.includes(0))
    return warn(
      check,
      'no maxmemory is set: Redis grows until the system ends it',
      `set maxmemory below what the machine has, and to at least ${needed}`,
    );
  const limit = sum(limits);
  const used = sum(servers.map(({ usedMemoryBytes = 0 }) => usedMemoryBytes));
  const what = `${mib(used)} used of ${mib(limit)}`;
  if (limit < neededBytes) return fail(check, what, `raise maxmemory: the guide asks for ${needed}`);
  return used > 0.8 * limit
    ? warn(check, what, 'raise maxmemory: a full Redis accepts no new jobs')
    : ok(check, what);
}

// ------------------------------------------------------------------ fleet

const pendingMax = 1000;
const pendingAgeMaxMs = 60_000;
const deadLettersMax = 100;

/** @param here who this machine is: an id that this configuration names may be held by itself */
export function fleetFindings(
  instances: readonly KnownInstance[],
  config: Config,
  here: { readonly hostname: string },
): Finding[] {
  return [
    prefixFinding(instances, config.scheduler.phase2.redis.key_prefix),
    ...identityFindings(instances, config, here),
    ...instances.flatMap((instance) => [...inboxFindings(instance), deadLetterFinding(instance)]),
  ];
}

function prefixFinding(instances: readonly KnownInstance[], prefix: string): Finding {
  const alive = instances.filter((instance) => instance.alive).map(({ instanceId }) => instanceId);
  const dead = instances.filter((instance) => !instance.alive).map(({ instanceId }) => instanceId);
  const check = `key prefix ${prefix}`;
  const gone = dead.length > 0 ? `; not alive: ${some(dead)}` : '';
  return ok(check, alive.length === 0 ? `used by no instance now${gone}` : `used by ${some(alive)}${gone}`);
}

function identityFindings(
  instances: readonly KnownInstance[],
  config: Config,
  here: { readonly hostname: string },
): Finding[] {
  const doubles = instances.filter(
    ({ hostname, pid, publisher }) =>
      publisher && pid !== undefined && (publisher.hostname !== hostname || publisher.pid !== pid),
  );
  const check = 'instance ids';
  const remedy = 'give every instance an instance_id of its own, and end one of the two processes';
  const found = doubles.map(({ instanceId, hostname, pid, publisher }) => {
    const two = `${hostname ?? '?'}/${String(pid)} and ${publisher?.hostname ?? '?'}/${String(publisher?.pid)}`;
    return fail(check, `two processes are ${instanceId}: ${two}`, remedy);
  });
  const id = config.scheduler.phase2.instance_id.trim();
  const holder = instances.find(({ instanceId, alive }) => alive && instanceId === id);
  if (holder?.hostname !== undefined && holder.hostname !== here.hostname) {
    const who = `${holder.hostname}, pid ${String(holder.pid)}`;
    found.push(
      warn(
        check,
        `${id} of this configuration is held by ${who}`,
        'well if that is it; otherwise choose another instance_id here',
      ),
    );
  }
  return found.length > 0 ? found : [ok(check, 'each is one process')];
}

function inboxFindings(instance: KnownInstance): Finding[] {
  const { instanceId, alive, inbox, oldestPendingMs } = instance;
  const check = `inbox ${instanceId}`;
  if (!alive) {
    if (inbox.length === 0) return [];
    return [
      warn(
        check,
        `${entries(inbox.length)} of an instance that is not alive`,
        'any living instance of this prefix takes them up within moments: start one, or see why it does not',
      ),
    ];
  }
  const what = `${entries(inbox.length)}, ${String(inbox.pending)} pending`;
  if (inbox.pending > pendingMax)
    return [
      fail(check, what, `more than ${String(pendingMax)}: see whether the instance hangs, and add instances`),
    ];
  if (oldestPendingMs !== undefined && oldestPendingMs > pendingAgeMaxMs) {
    const age = `the oldest for ${String(Math.round(oldestPendingMs / 1000))} s`;
    return [warn(check, `${what}, ${age}`, 'see the log of the instance: what it read it does not finish')];
  }
  return [ok(check, what)];
}

function deadLetterFinding({ instanceId, inbox }: KnownInstance): Finding {
  const check = `dead letters ${instanceId}`;
  const { dlqLength } = inbox;
  if (dlqLength === 0) return ok(check, 'none');
  const remedy = `scheduler dlq show --instance ${instanceId}, then dlq replay or dlq drop`;
  const what = entries(dlqLength);
  return dlqLength > deadLettersMax ? fail(check, what, remedy) : warn(check, what, remedy);
}

// ------------------------------------------------------------------ admin

export type TokenFile =
  | { readonly kind: 'not_configured' }
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string }
  | { readonly kind: 'read'; readonly path: string; readonly characters: number; readonly mode: number };

const shortestToken = 16;

export function tokenFinding(file: TokenFile): Finding {
  const check = 'admin token';
  if (file.kind === 'not_configured')
    return warn(
      check,
      'none: the admin API refuses every call',
      'set LINGUA_ADMIN_TOKEN_FILE to a file that holds one',
    );
  if (file.kind === 'unreadable')
    return fail(check, `${file.path} cannot be read: ${file.why}`, 'let the scheduler’s user read it');
  if (file.characters === 0)
    return fail(check, `${file.path} is empty: the admin API refuses every call`, 'write a token into it');
  if (file.characters < shortestToken)
    return warn(check, `${file.path} holds ${count(file.characters, 'character')}`, 'use 32 random ones');
  return (file.mode & 0o004) === 0
    ? ok(check, `in ${file.path}`)
    : warn(check, `${file.path} can be read by everybody`, `chmod o-r ${file.path}`);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const mib = (bytes: number): string => `${(bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0)} MiB`;
const entries = (number: number): string => count(number, 'entry', 'entries');
const some = (ids: readonly string[]): string =>
  ids.length <= 10 ? ids.join(', ') : `${ids.slice(0, 10).join(', ')} and ${String(ids.length - 10)} more`;
