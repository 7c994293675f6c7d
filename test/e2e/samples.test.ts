/** Each sample, word for word, in a namespace for restricted pods: it becomes what its first lines say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ports } from '../../common/workload.ts';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/images.ts';
import { place, type Place, type PodSeen } from './place.ts';
import { startRedisPods, type RedisPods } from './redis-pods.ts';

const { kind, lacks } = await target();

const fileOf = (sample: string): string => path.join(root, 'manifests/samples', `${sample}.yaml`);
const textOf = (sample: string): string => readFileSync(fileOf(sample), 'utf8');

describe('the sample', { skip: lacks.programs }, () => {
  let here: Place;
  let redis: RedisPods;

  before(async () => {
    here = await place();
    await here.kubectl(['apply', '-f', path.join(root, 'test/support/foreign')]);
    await here.kubectl(['wait', 'crd/scaledobjects.keda.sh', '--for=condition=Established']);
    redis = await startRedisPods(here.kubectl);
  });
  after(() => {
    rmSync(redis.directory, { recursive: true, force: true });
  });

  const names: string[] = [];
  const tried = (sample: string, cluster: string, story: (fleet: Fleet) => Promise<void>) => {
    names.push(sample);
    it(sample, async () => {
      const fleet = new Fleet(here, sample, cluster);
      await fleet.apply(redis.directory);
      await fleet.ready();
      await story(fleet);
      await fleet.delete();
    });
  };

  tried('quickstart', 'demo', async (fleet) => {
    assert.equal(await fleet.condition('ProductionReady'), 'False EmbeddedRedis');
    assert.equal((await fleet.instances()).length, 2);
  });

  tried('production-single', 'production-single', async (fleet) => {
    assert.equal(await fleet.condition('ProductionReady'), 'True SingleRedis');
    await fleet.kubectl(['get', 'networkpolicy', 'production-single']);
  });

  tried('production-cluster', 'production-cluster', async (fleet) => {
    assert.equal(await fleet.condition('ProductionReady'), 'True AsRecommended');
    await fleet.kubectl(['get', 'poddisruptionbudget', 'production-cluster']);
  });

  tried('canary', 'canary', async (fleet) => {
    const before = await fleet.instances();
    const [, change = ''] = /^# +kubectl patch (.*)$/m.exec(textOf('canary')) ?? [];
    await fleet.kubectl(['patch', ...change.replaceAll("'", '').split(' ')]);
    const revision = await eventually(
      'one instance tries the change',
      async () => {
        const uids = new Set(before.map(({ metadata }) => metadata.uid));
        const changed = (await fleet.instances()).filter(({ metadata }) => !uids.has(metadata.uid));
        return changed.length === 1 ? fleet.field('.status.rollout.revision') : undefined;
      },
      120_000,
    );
    await fleet.kubectl(['annotate', 'lsc', 'canary', `lingua.dev/promote=${revision}`]);
    await fleet.ready();
    const left = (await fleet.instances()).filter(({ metadata }) =>
      before.some((old) => old.metadata.uid === metadata.uid),
    );
    assert.deepEqual(left, []);
  });

  tried('hpa', 'hpa', async (fleet) => {
    const scale = '{.spec.replicas} {.status.replicas} {.status.selector}';
    const [wanted, seen, selector = ''] = (await fleet.scale(scale)).split(' ');
    assert.deepEqual([wanted, seen], ['3', '3']);
    assert.equal(selector, await fleet.field('.status.selector'));
    // The pods whose CPU counts are the instances, and not their Redis.
    assert.deepEqual(
      await fleet.names(['pods', '-l', selector]),
      ['hpa-0', 'hpa-1', 'hpa-2'].map((name) => `pod/${name}`),
    );
    if (kind === 'envtest') {
      // The real autoscaler reads the scale; without a metrics server it can do no more.
      await fleet.kubectl(['wait', 'hpa/hpa', '--for=condition=AbleToScale', '--timeout=180s']);
    }
    // As an autoscaler does.
    await fleet.kubectl(['scale', 'lsc', 'hpa', '--replicas=4']);
    await fleet.ready();
    assert.equal((await fleet.instances()).length, 4);
    // What is applied again leaves the autoscaler's figure alone.
    await fleet.kubectl(['apply', '-f', fileOf('hpa')]);
    assert.equal(await fleet.field('.spec.replicas'), '4');
  });

  tried('keda', 'keda', async (fleet) => {
    const [cluster, scaled] = parseAllDocuments(textOf('keda')).map(
      (document) => document.toJS() as { kind: string; spec: Scaled },
    );
    assert.equal(scaled?.spec.scaleTargetRef.kind, cluster?.kind);
    const [, metric = ''] = /sum\((\w+)\{/.exec(scaled?.spec.triggers[0]?.metadata['query'] ?? '') ?? [];
    const [first] = await fleet.instances();
    const response = await fetch(`http://${first?.status.podIP ?? ''}:${String(ports.http)}/metrics`);
    assert.match(await response.text(), new RegExp(`^${metric} 0$`, 'm'));
  });

  tried('ingress', 'ingress', async (fleet) => {
    const [ingress] = await fleet.names(['ingress']);
    const rules = await fleet.kubectl([
      ...['get', ingress ?? '', '-o'],
      'jsonpath={.spec.rules[0].host} {.spec.rules[0].http.paths[*].path} {.metadata.annotations}',
    ]);
    assert.match(rules, /^scheduler\.example\.com \/ws\/ /);
    assert.match(rules, /"nginx\.ingress\.kubernetes\.io\/proxy-read-timeout":"86400"/);
    assert.match(rules, /"cert-manager\.io\/cluster-issuer":"letsencrypt"/);
  });

  it('is none that is not tried here', () => {
    const there = readdirSync(path.join(root, 'manifests/samples')).map((file) =>
      path.basename(file, '.yaml'),
    );
    assert.deepEqual(there.sort(), names.sort());
  });
});

interface Scaled {
  readonly scaleTargetRef: { readonly kind: string };
  readonly triggers: readonly { readonly metadata: Readonly<Record<string, string>> }[];
}

/** A sample's cluster in a namespace of its own. */
class Fleet {
  readonly #here: Place;
  readonly #sample: string;
  readonly #cluster: string;
  readonly #namespace: string;

  constructor(here: Place, sample: string, cluster: string) {
    this.#here = here;
    this.#sample = sample;
    this.#cluster = cluster;
    this.#namespace = `sample-${sample}`;
  }

  kubectl(args: readonly string[]): Promise<string> {
    return this.#here.kubectl(['-n', this.#namespace, ...args]);
  }

  /** First what the sample's own comments say must be there. */
  async apply(directory: string): Promise<void> {
    await this.#here.kubectl(['create', 'namespace', this.#namespace]);
    const restricted = 'pod-security.kubernetes.io/enforce=restricted';
    await this.#here.kubectl(['label', 'namespace', this.#namespace, restricted]);
    for (const [, command = ''] of textOf(this.#sample).matchAll(
      /^# +kubectl (create secret generic .*)$/gm,
    )) {
      const inDirectory = command.replaceAll(/(?<==)(redis-password\.txt|ca\.crt)/g, `${directory}/$1`);
      await this.kubectl(inDirectory.split(' '));
    }
    await this.kubectl(['apply', '-f', fileOf(this.#sample)]);
  }

  /** Ready as it is wished for now: a condition of a former wish does not count. */
  async ready(): Promise<void> {
    const generation = await this.field('.metadata.generation');
    const observed = `--for=jsonpath={.status.observedGeneration}=${generation}`;
    await this.kubectl(['wait', `lsc/${this.#cluster}`, observed, '--timeout=180s']);
    const wait = ['wait', `lsc/${this.#cluster}`, '--for=condition=Ready', '--timeout=180s'];
    await this.kubectl(wait).catch(async (error: unknown) => {
      throw new Error(await this.field('.status.conditions'), { cause: error });
    });
  }

  field(jsonPath: string): Promise<string> {
    return this.kubectl(['get', 'lsc', this.#cluster, '-o', `jsonpath={${jsonPath}}`]);
  }

  scale(jsonPath: string): Promise<string> {
    return this.kubectl(['get', 'lsc', this.#cluster, '--subresource=scale', '-o', `jsonpath=${jsonPath}`]);
  }

  condition(type: string): Promise<string> {
    return this.field(`.status.conditions[?(@.type=="${type}")]['status','reason']`);
  }

  async instances(): Promise<PodSeen[]> {
    const selector = await this.field('.status.selector');
    const { items } = JSON.parse(await this.kubectl(['get', 'pods', '-l', selector, '-o', 'json'])) as {
      items: PodSeen[];
    };
    return items;
  }

  async names(what: readonly string[]): Promise<string[]> {
    return (await this.kubectl(['get', ...what, '-o', 'name'])).trim().split('\n').sort();
  }

  delete(): Promise<string> {
    return this.#here.kubectl(['delete', 'namespace', this.#namespace, '--timeout=180s']);
  }
}
