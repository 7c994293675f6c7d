/** `scheduler doctor`: asks Redis and the fleet in it, and says what to mend. It changes nothing. */
import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import { toAppError } from '../../common/errors.ts';
import { exitCodes } from '../../common/signals.ts';
import { printable, table } from '../../common/table.ts';
import { publisherOf } from '../surfaces/figures.ts';
import type { Store, StoreFacts } from '../store/store.ts';
import {
  fleetFindings,
  memoryFinding,
  roundTripFinding,
  serverFindings,
  tokenFinding,
  type Finding,
  type KnownInstance,
  type TokenFile,
} from './doctor-checks.ts';
import { withStore, type ToolDeps } from './open-store.ts';
import { asJson, type ToolReport } from './report.ts';

export interface DoctorDeps extends ToolDeps {
  readonly adminTokenFile: string | undefined;
}

const pings = 5;

export async function doctor(deps: DoctorDeps, json: boolean): Promise<ToolReport> {
  const { phase2 } = deps.config.scheduler;
  const findings: Finding[] = phase2.enabled
    ? await withStore(deps, (store) => examine(store, deps))
    : [
        {
          level: 'warn',
          check: 'phase2',
          what: 'off: this instance works alone',
          remedy: 'set enabled = true',
        },
      ];
  findings.push(tokenFinding(await tokenFile(deps.adminTokenFile)));
  const failing = findings.some(({ level }) => level === 'fail');
  const output = json ? asJson({ ok: !failing, findings }) : table(findings.flatMap(rowsOf));
  return { exitCode: failing ? exitCodes.unclean : exitCodes.ok, output };
}

const rowsOf = ({ level, check, what, remedy }: Finding): string[][] => [
  [level, printable(check), printable(`${what}${remedy === undefined ? '' : `  -> ${remedy}`}`)],
];

async function examine(store: Store, deps: DoctorDeps): Promise<Finding[]> {
  const { mode, key_prefix: prefix } = deps.config.scheduler.phase2.redis;
  const reached = await reach(store);
  if (!reached.ok) return [unreachable(reached.why, mode)];
  const found: Finding[] = [
    { level: 'ok', check: 'redis', what: 'reachable', remedy: undefined },
    roundTripFinding(reached.roundTripMs),
  ];
  const facts = await attempt('server', () => store.examine(), found);
  if (facts) found.push(...serverFindings(facts));
  const fleet = await attempt(`key prefix ${prefix}`, () => knownInstances(store, facts, deps), found);
  const nodes = await attempt('nodes', () => store.nodes.all(), found);
  if (facts && fleet) {
    const alive = fleet.filter((instance) => instance.alive).length;
    found.push(memoryFinding(facts.servers, alive, nodes?.views.length ?? 0));
  }
  if (fleet) found.push(...fleetFindings(fleet, deps.config, { hostname: os.hostname() }));
  return found;
}

/** A server of the other kind answers too, in its way. */
function unreachable(why: string, mode: 'single' | 'cluster'): Finding {
  const section = '[scheduler.phase2.redis]';
  if (/cluster support disabled/i.test(why))
    return {
      level: 'fail',
      check: 'mode',
      what: why,
      remedy: `it is no cluster: set ${section} mode = "single" and url`,
    };
  if (mode === 'single' && /cluster/i.test(why))
    return {
      level: 'fail',
      check: 'mode',
      what: why,
      remedy: `set ${section} mode = "cluster" and cluster_urls`,
    };
  const address = mode === 'cluster' ? 'cluster_urls' : 'url';
  const remedy = `check that Redis runs, ${section} ${address}, the network and the credentials`;
  return { level: 'fail', check: 'redis', what: why, remedy };
}

type Reached = { ok: true; roundTripMs: number } | { ok: false; why: string };

/** The median of a few round trips: the first one pays for connecting. */
async function reach(store: Store): Promise<Reached> {
  try {
    await store.ping();
    const times: number[] = [];
    for (let i = 0; i < pings; i++) times.push(await store.ping());
    times.sort((a, b) => a - b);
    return { ok: true, roundTripMs: times[Math.floor(pings / 2)] ?? 0 };
  } catch (error) {
    return { ok: false, why: toAppError(error).message };
  }
}

/** What one question finds; its failure is a finding and does not keep the others from being asked. */
async function attempt<Found>(
  check: string,
  ask: () => Promise<Found>,
  found: Finding[],
): Promise<Found | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { message } = toAppError(error);
    const remedy = 'see what Redis says; with an ACL, that the user may use the commands of the scheduler';
    found.push({ level: 'fail', check, what: message, remedy });
    return undefined;
  }
}

async function knownInstances(
  store: Store,
  facts: StoreFacts | undefined,
  { clock }: DoctorDeps,
): Promise<KnownInstance[]> {
  const [live, dead, withLetters] = await Promise.all([
    store.instances.live(),
    store.instances.dead(),
    store.inbox.instancesWithDeadLetters(),
  ]);
  const nowMs = facts?.servers[0]?.clockMs ?? clock.now();
  const byId = new Map(live.map((instance) => [instance.instanceId, instance]));
  const ids = [...new Set([...byId.keys(), ...dead, ...withLetters])].sort();
  return Promise.all(
    ids.map(async (instanceId): Promise<KnownInstance> => {
      const [inbox, oldest] = await Promise.all([
        store.inbox.stats(instanceId),
        store.inbox.oldestPending(instanceId),
      ]);
      const instance = byId.get(instanceId);
      return {
        instanceId,
        alive: instance !== undefined,
        hostname: instance?.presence?.hostname,
        pid: instance?.presence?.pid,
        publisher: publisherOf(instance?.figures),
        inbox,
        oldestPendingMs: oldest === undefined ? undefined : Math.max(0, nowMs - Number.parseInt(oldest)),
      };
    }),
  );
}

async function tokenFile(path: string | undefined): Promise<TokenFile> {
  if (path === undefined) return { kind: 'not_configured' };
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { kind: 'read', path, characters: text.trim().length, mode };
  } catch (error) {
    return { kind: 'unreadable', path, why: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}
