/**
 * Each right of the operator's roles is missing once, through a whole life of a fleet: somebody is told which, nothing crashes or
 * spins, deletion ends, and when the right is there again so is the fleet.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { schedulerClusters } from '../../operator/api/group.ts';
import { podMonitors, prometheusRules, serviceAccounts } from '../../operator/kube/resources.ts';
import { fakeLog } from '../fakes/log.ts';
import { refusal, resourceOf } from './faults/api-server.ts';
import type { Exchange, Rule } from './faults/proxy.ts';
import { FaultyWorld } from './faults/world.ts';
import { sampleCluster } from './sample.ts';

interface Right {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, as roles write it. */
  readonly resource: string;
}

interface Role {
  readonly kind: string;
  readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

const rightsIn = (file: string): Right[] =>
  parseAllDocuments(readFileSync(new URL(`../../manifests/${file}`, import.meta.url), 'utf8'))
    .map((document) => document.toJS() as Role)
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap(({ rules }) => rules)
    .flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource }))),
    );

const all = [...rightsIn('install/rbac.yaml'), ...rightsIn('base/lease-rbac.yaml')];
const rights = [...new Map(all.map((right) => [titleOf(right), right])).values()];

function titleOf({ verb, resource }: Right): string {
  return `${verb} ${resource}`;
}

const resourceIn = ({ info }: Exchange): string =>
  info.subresource ? `${info.plural}/${info.subresource}` : info.plural;

/** A server-side apply asks for `patch`, and for `create` as well when the object is not there yet. */
function verbsOf(world: FaultyWorld, exchange: Exchange): string[] {
  const { info } = exchange;
  if (info.verb !== 'patch' || info.subresource) return [info.verb];
  const resource = resourceOf(info);
  return resource && world.kube.peek(resource, info) ? ['patch'] : ['patch', 'create'];
}

/** Of a look at a cluster; what goes wrong elsewhere no condition can say, and a line of the log does. */
const isOfALook = ({ verb, resource }: Right): boolean =>
  ['get', 'create', 'patch', 'delete'].includes(verb) &&
  !['events', 'leases', 'schedulerclusters/status'].includes(resource);

interface Watched {
  /** What was asked for, as a role would write it. */
  readonly used: Set<string>;
  /** How often the right that is missing was asked for. */
  refused: number;
  /** Operators that were told to end. */
  ended: number;
}

const nothingYet = (): Watched => ({ used: new Set(), refused: 0, ended: 0 });

function without(world: FaultyWorld, missing: Right | undefined, watched: Watched): Rule {
  return {
    onRequest: (exchange) => {
      const resource = resourceIn(exchange);
      const verbs = verbsOf(world, exchange);
      for (const verb of verbs) watched.used.add(`${verb} ${resource}`);
      if (resource !== missing?.resource || !verbs.includes(missing.verb)) return undefined;
      watched.refused += 1;
      return Promise.resolve(forbidden(exchange, missing));
    },
  };
}

/** As an API server says it. */
function forbidden({ info }: Exchange, { verb, group, resource }: Right) {
  const answer = refusal(403, 'Forbidden');
  const message = `${info.plural} "${info.name}" is forbidden: User "operator" cannot ${verb} resource "${resource}" in API group "${group}"`;
  return { ...answer, body: JSON.stringify({ ...(JSON.parse(answer.body) as object), message }) };
}

/** Time goes on, whether or not anything comes of it. Returns what Degraded said meanwhile. */
async function pass(world: FaultyWorld, seconds: number): Promise<string[]> {
  const said = new Set<string>();
  for (let passed = 0; passed < seconds; passed += 1) {
    await world.look();
    world.controller.step();
    await world.clock.advance(1_000);
    for (const { status } of world.kube.all(schedulerClusters))
      for (const { reason, message } of status?.conditions ?? [])
        if (reason === 'Forbidden' || message.includes('may not list')) said.add(message);
  }
  return [...said];
}

const busySpec = {
  redis: undefined,
  replicas: 3,
  networkPolicy: {},
  ingress: { host: 'a.example' },
  monitoring: {},
};

/** How it is told: as the API server refuses it, or in a condition's own words where the kind is one that can be done without. */
function isToldIn(texts: readonly string[], { verb, resource }: Right): boolean {
  const words = [`cannot ${verb} resource "${resource}"`];
  if (verb === 'list' || verb === 'watch') words.push(...(ownWords.get(resource) ?? []));
  return texts.some((text) => words.some((some) => text.replaceAll('\\"', '"').includes(some)));
}

const ownWords = new Map(
  [podMonitors, prometheusRules].map(({ plural, kind }) => [plural, [`may not list ${kind}`]]),
);

/** Another operator takes over, as in an upgrade. */
function replace(world: FaultyWorld, watched: Watched): void {
  for (const program of world.programs.filter(({ isDead }) => !isDead)) {
    watched.ended += 1;
    void program.terminate();
  }
  world.start();
}

/** Everything that a fleet can be asked, one after another. Returns what Degraded said meanwhile. */
async function live(world: FaultyWorld, watched: Watched): Promise<string[]> {
  world.put(sampleCluster(busySpec));
  const said = await pass(world, 60);
  // Somebody else changes what is ours, again and again: each event counts on from the one before, whoever wrote that.
  for (let round = 0; round < 3; round += 1) {
    if (round === 2) replace(world, watched);
    for (const account of world.kube.all(serviceAccounts))
      world.kube.put({ ...account, automountServiceAccountToken: true });
    said.push(...(await pass(world, 20)));
  }
  world.edit((spec) => (spec.config.scheduler.jobTimeoutSeconds = 60));
  said.push(...(await pass(world, 60)));
  // Taken back while the instance drains: its pod is replaced.
  world.edit((spec) => (spec.replicas = 1));
  said.push(...(await pass(world, 1)));
  world.edit((spec) => (spec.replicas = 3));
  said.push(...(await pass(world, 40)));
  world.edit((spec) => (spec.replicas = 1));
  said.push(...(await pass(world, 40)));
  world.edit((spec) => {
    spec.redis.url = 'redis://elsewhere:6379';
    delete spec.networkPolicy;
    delete spec.ingress;
    delete spec.monitoring;
  });
  said.push(...(await pass(world, 60)));
  return said;
}

describe('a right that is missing', () => {
  it('is one of those that the life below needs', async () => {
    const world = new FaultyWorld({ hasElection: true });
    const watched = nothingYet();
    world.proxy.arm(without(world, undefined, watched));
    world.start();
    await live(world, watched);
    world.stop();
    const never = rights.map(titleOf).filter((right) => !watched.used.has(right));
    assert.deepEqual(never, []);
  });

  for (const missing of rights) {
    it(`${titleOf(missing)}: is named, and nothing is lost by it`, async () => {
      const { log, lines } = fakeLog();
      const world = new FaultyWorld({ hasElection: true, log });
      const watched = nothingYet();
      world.proxy.arm(without(world, missing, watched));
      world.start();
      const blocked = await live(world, watched);

      const logged = lines.map(({ err }) => JSON.stringify(err ?? ''));
      const told = isOfALook(missing) ? blocked : [...blocked, ...logged];
      assert.ok(isToldIn(told, missing), `nobody says that it may not ${titleOf(missing)}`);
      if (isOfALook(missing)) assert.match([...blocked].join(), /Check the operator's Role/);
      assert.ok(watched.refused < 300, `it was asked for ${String(watched.refused)} times`);
      // Who cannot renew the lease ends, once; who comes next never gets it.
      const ends = titleOf(missing) === 'update leases' ? 1 : 0;
      const dead = world.programs.filter(({ isDead }) => isDead).length;
      assert.equal(dead - watched.ended, ends, 'it does not crash');

      world.proxy.arm();
      await pass(world, 120);
      assert.equal(world.says('Ready'), 'True FleetReady', 'it goes on when the right is there');

      world.proxy.arm(without(world, missing, watched));
      await world.kube.delete(schedulerClusters, world.cluster());
      await pass(world, 60);
      assert.deepEqual(world.owned(), [], 'deletion ends');
      world.stop();
    });
  }
});
