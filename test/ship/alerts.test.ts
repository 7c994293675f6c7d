/** The alerts, by Prometheus' own tool: each fires for what it is about and is silent just short of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { closeServer, listen } from '../../common/http.ts';
import { allGroups, files, rulesPath } from '../../monitoring/generate.ts';
import { root } from '../support/images.ts';
import { withRunbookUrls } from '../../operator/resources/monitoring/rule.ts';
import { faultsOf } from './queries.ts';

/** Values of Prometheus' test notation, one each 15 seconds for an hour, by series. */
type Input = Readonly<Record<string, string>>;

interface Story {
  readonly fires: readonly Input[];
  readonly silent: readonly Input[];
}

const constant = (value: number): string => `${String(value)}x240`;
const rising = (step: number): string => `0+${String(step)}x240`;
/** Of an instance in Kubernetes. */
const at = (metric: string, ...matchers: string[]): string =>
  `${metric}{${['namespace="speech"', 'scheduler_cluster="demo"', 'pod="demo-0"', 'instance="10.0.0.1:5010"', ...matchers].join(',')}}`;
/** Of the operator, about one SchedulerCluster. */
const of = (metric: string, ...matchers: string[]): string =>
  `${metric}{${['namespace="speech"', 'name="demo"', ...matchers].join(',')}}`;

const gauge = (series: string, fires: number, silent: number): Story => ({
  fires: [{ [series]: constant(fires) }],
  silent: [{ [series]: constant(silent) }],
});
const counter = (series: string, fires: number, silent: number): Story => ({
  fires: [{ [series]: rising(fires) }],
  silent: [{ [series]: rising(silent) }],
});
const share = (part: string, whole: string, fires: number, silent: number): Story => ({
  fires: [{ [part]: rising(fires), [whole]: rising(100) }],
  silent: [{ [part]: rising(silent), [whole]: rising(100) }],
});
/** All observations lie in the lower bucket, or all between the two. */
const histogram = (metric: string, matcher: string, lower: string, upper: string): Story => {
  const buckets = (inLower: number): Input => ({
    [at(metric, matcher, `le="${lower}"`)]: rising(inLower),
    [at(metric, matcher, `le="${upper}"`)]: rising(100),
    [at(metric, matcher, 'le="+Inf"')]: rising(100),
  });
  return { fires: [buckets(0)], silent: [buckets(100)] };
};

const ready = at('scheduler_nodes_total', 'status="ready"');
const sessions = at('scheduler_sessions_total');
const leads = 'leader_election_master_status{name="lingua-operator",pod="lingua-operator-0"}';
const wanted = of('lingua_cluster_replicas', 'state="wanted"');
const present = of('lingua_cluster_replicas', 'state="ready"');
const reconciles = (metric: string): string => `controller_runtime_${metric}{controller="schedulercluster"}`;

const stories: Readonly<Record<string, Story>> = {
  LinguaRedisErrors: counter(at('scheduler_phase2_redis_op_total', 'result="err"'), 30, 14),
  LinguaInboxBacklog: gauge(at('scheduler_phase2_inbox_pending'), 1001, 1000),
  LinguaDeadLetters: gauge(at('scheduler_phase2_dlq_length'), 101, 100),
  LinguaPresenceMissing: {
    fires: [
      { [at('scheduler_lease_held')]: constant(0) },
      { [at('up', 'job="lingua-scheduler"')]: constant(0) },
    ],
    silent: [
      { [at('scheduler_lease_held')]: constant(1), [at('up', 'job="lingua-scheduler"')]: constant(1) },
      { [at('up', 'job="somebody-else"')]: constant(0) },
    ],
  },
  LinguaNodeSelectionFailures: share(
    at('scheduler_node_selections_total', 'result="none"'),
    at('scheduler_node_selections_total', 'result="chosen"'),
    6,
    5,
  ),
  LinguaDuplicateInstance: gauge(at('scheduler_duplicate_instance'), 1, 0),
  LinguaLeaseLost: {
    fires: [{ [at('scheduler_lease_lost_total')]: '0x120 4x120' }],
    silent: [{ [at('scheduler_lease_lost_total')]: '0x120 2x120' }],
  },
  LinguaNoNodes: {
    fires: [{ [ready]: constant(0), [sessions]: constant(1) }],
    silent: [
      { [ready]: constant(1), [sessions]: constant(1) },
      { [ready]: constant(0), [sessions]: constant(0) },
    ],
  },
  LinguaJobsFailing: share(
    at('scheduler_jobs_total', 'status="failed"'),
    at('scheduler_jobs_total', 'status="accepted"'),
    6,
    4,
  ),
  LinguaJobsWaitLong: histogram('scheduler_job_duration_seconds_bucket', 'stage="dispatched"', '1', '5'),
  LinguaOverloaded: counter(at('scheduler_overload_refused_total'), 1, 0),
  LinguaRedisSlow: histogram('scheduler_redis_op_duration_seconds_bucket', 'op="exists"', '0.005', '0.05'),
  LinguaOperatorAbsent: {
    fires: [{}, { [leads]: constant(0) }],
    silent: [{ [leads]: constant(1) }],
  },
  LinguaReconcileFailing: share(reconciles('reconcile_errors_total'), reconciles('reconcile_total'), 21, 19),
  LinguaOperatorStale: gauge('kube_reflector_age_seconds{pod="lingua-operator-0",kind="Pod"}', 301, 300),
  LinguaClusterNotReady: gauge(of('lingua_cluster_ready'), 0, 1),
  LinguaClusterDegraded: gauge(of('lingua_cluster_condition', 'type="Degraded"'), 1, 0),
  LinguaInstancesMissing: {
    fires: [{ [present]: constant(1), [wanted]: constant(2) }],
    silent: [{ [present]: constant(2), [wanted]: constant(2) }],
  },
};

const rules = allGroups().flatMap((group) => group.rules);

describe('the rule file', () => {
  it('is what `make generate` makes, and so is the rest', async () => {
    for (const [file, text] of files()) assert.equal(await readFile(file, 'utf8'), text, file);
  });

  it('has the groups of the PrometheusRule in manifests/monitoring', async () => {
    const rule = await readFile(path.join(root, 'manifests/monitoring/prometheus-rule.yaml'), 'utf8');
    assert.deepEqual((parse(rule) as { spec: unknown }).spec, parse(await readFile(rulesPath, 'utf8')));
  });

  it('is one that Prometheus takes', async () => {
    await promtool('check', 'rules', rulesPath);
  });

  it('asks only for metrics and labels that the programs register', () => {
    assert.deepEqual(
      rules.flatMap(({ alert, expr }) => faultsOf(expr).map((fault) => `${alert}: ${fault}`)),
      [],
    );
  });

  it('has a runbook for each alert, and there is no runbook for another', async () => {
    const pages = (await readdir(path.join(root, 'docs/runbooks'))).filter((name) => name !== 'README.md');
    assert.deepEqual(pages.sort(), rules.map(({ alert }) => `${alert}.md`).sort());
    for (const { alert, annotations } of rules) {
      const page = await readFile(path.join(root, annotations.runbook ?? ''), 'utf8');
      assert.match(page, new RegExp(`^# ${alert}\n`));
    }
  });

  it('leads from each alert to its runbook where the pages are published, in both languages', async () => {
    const published = await publish(root);
    try {
      for (const folder of ['docs/runbooks', 'docs/zh/runbooks']) {
        const linked = withRunbookUrls(allGroups(), `${published.url}/${folder}/{alert}.md`);
        for (const { alert, annotations } of linked.flatMap((group) => group.rules)) {
          const answer = await fetch(annotations.runbook_url ?? '');
          assert.equal(answer.status, 200, annotations.runbook_url);
          assert.match(await answer.text(), new RegExp(`^# ${alert}\n`));
          assert.equal(annotations.runbook, undefined);
        }
      }
    } finally {
      await published.stop();
    }
  });

  it('has no link that nobody can follow', () => {
    const links = rules.map(({ annotations }) => annotations.runbook_url);
    assert.deepEqual(
      links.filter((link) => link !== undefined && !/^https?:/.test(link)),
      [],
    );
  });

  it('has a story for each alert', () => {
    assert.deepEqual(Object.keys(stories).sort(), rules.map(({ alert }) => alert).sort());
  });
});

describe('the alerts', () => {
  for (const [alert, { fires, silent }] of Object.entries(stories)) {
    it(`${alert} fires`, () => expect(alert, fires, 1));
    it(`${alert} is silent short of that`, () => expect(alert, silent, 0));
  }
});

/** @param count of this alert that fire at the end of the hour */
async function expect(alert: string, inputs: readonly Input[], count: number): Promise<void> {
  const samples = count === 0 ? [] : [{ labels: '{}', value: count }];
  const tests = inputs.map((input) => ({
    interval: '15s',
    input_series: Object.entries(input).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: '1h',
        exp_samples: samples,
      },
    ],
  }));
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-alerts-'));
  try {
    const file = path.join(directory, 'test.yaml');
    const settings = { rule_files: [rulesPath], evaluation_interval: '15s', tests };
    await writeFile(file, stringify(settings, { aliasDuplicateObjects: false }));
    await promtool('test', 'rules', file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The files of a folder, as a web server has them. */
async function publish(folder: string) {
  const server = createServer((request, response) => {
    readFile(path.join(folder, request.url ?? ''), 'utf8').then(
      (page) => response.end(page),
      () => response.writeHead(404).end(),
    );
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  return { url: `http://127.0.0.1:${String(port)}`, stop: () => closeServer(server) };
}

async function promtool(...args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(process.env['PROMTOOL'] ?? 'promtool', args);
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
