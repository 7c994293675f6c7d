/**
 * A real Prometheus on loopback that scrapes what PodMonitors select among pods. The operator of that name is not here; what
 * it makes of a PodMonitor, as far as ours go, is written down in `scrapeConfig`. Debian builds Prometheus without its
 * discovery of pods, so what that tells of a pod is written down as well.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../cluster/free-port.ts';
import { eventually } from './eventually.ts';

export interface PodMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly jobLabel: string;
    readonly namespaceSelector?: { readonly any?: boolean };
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly Endpoint[];
  };
}

interface Endpoint {
  readonly port: string;
  readonly path: string;
  readonly honorLabels?: boolean;
  readonly relabelings?: readonly Relabeling[];
}

interface Relabeling {
  readonly action: string;
  readonly sourceLabels: readonly string[];
  readonly targetLabel: string;
}

export interface Target {
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lastError: string;
}

/** `values` of a range query, `value` of an instant one. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

export interface Prometheus {
  readonly url: string;
  targets(): Promise<readonly Target[]>;
  range(query: string, window: { start: number; end: number; step: number }): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status: { readonly phase: string; readonly podIP?: string };
}

export interface PrometheusOptions {
  readonly podMonitors: readonly PodMonitor[];
  /** All of the cluster, as they are now; those that come later are not scraped. */
  readonly pods: readonly Pod[];
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-prometheus-'));
  const file = path.join(directory, 'prometheus.yml');
  await writeFile(file, configuration(options));
  const address = `127.0.0.1:${String(await freePort())}`;
  const url = `http://${address}`;
  const child = spawn(
    process.env['PROMETHEUS'] ?? 'prometheus',
    [`--config.file=${file}`, `--storage.tsdb.path=${directory}/data`, `--web.listen-address=${address}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(child, url);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    stop,
    targets: async () => (await ask<{ activeTargets: Target[] }>(url, 'targets', {})).activeTargets,
    range: async (query, window) => {
      const times = Object.fromEntries(Object.entries(window).map(([key, value]) => [key, String(value)]));
      return (await ask<{ result: Series[] }>(url, 'query_range', { query, ...times })).result;
    },
  };
}

function configuration({ podMonitors, pods }: PrometheusOptions): string {
  const settings = {
    // Faster than in life: a test does not wait.
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: podMonitors.flatMap((monitor) =>
      monitor.spec.podMetricsEndpoints.map((endpoint) => scrapeConfig(monitor, endpoint, pods)),
    ),
  };
  return stringify(settings, { aliasDuplicateObjects: false });
}

const meta = (name: string): string => `__meta_kubernetes_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;

/** Pods with the labels, each at its port of that name; namespace, pod, container and the job's name become labels. */
function scrapeConfig({ metadata, spec }: PodMonitor, endpoint: Endpoint, pods: readonly Pod[]): object {
  const keep = (name: string, regex: string) => ({ action: 'keep', source_labels: [meta(name)], regex });
  const copy = (name: string, label: string) => ({ source_labels: [meta(name)], target_label: label });
  const anywhere = spec.namespaceSelector?.any === true;
  return {
    job_name: `${metadata.namespace}/${metadata.name}/${endpoint.port}`,
    metrics_path: endpoint.path,
    honor_labels: endpoint.honorLabels ?? false,
    static_configs: pods
      .filter((pod) => anywhere || pod.metadata.namespace === metadata.namespace)
      .flatMap(discovered),
    relabel_configs: [
      ...Object.entries(spec.selector.matchLabels).map(([label, value]) => keep(`pod_label_${label}`, value)),
      keep('pod_phase', 'Running'),
      keep('pod_container_port_name', endpoint.port),
      copy('namespace', 'namespace'),
      copy('pod_name', 'pod'),
      copy('pod_container_name', 'container'),
      copy(`pod_label_${spec.jobLabel}`, 'job'),
      ...(endpoint.relabelings ?? []).map(({ action, sourceLabels, targetLabel }) => ({
        action,
        source_labels: sourceLabels,
        target_label: targetLabel,
      })),
    ],
  };
}

/** A pod as the discovery tells of it: one target for each port of each container. */
function discovered({ metadata, spec, status }: Pod): object[] {
  const ofPod = {
    [meta('namespace')]: metadata.namespace,
    [meta('pod_name')]: metadata.name,
    [meta('pod_phase')]: status.phase,
    ...Object.fromEntries(
      Object.entries(metadata.labels ?? {}).map(([label, value]) => [meta(`pod_label_${label}`), value]),
    ),
  };
  return spec.containers.flatMap(({ name, ports = [] }) =>
    ports.map((port) => ({
      targets: [`${status.podIP ?? ''}:${String(port.containerPort)}`],
      labels: {
        ...ofPod,
        [meta('pod_container_name')]: name,
        [meta('pod_container_port_name')]: port.name ?? '',
      },
    })),
  );
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-5000)));
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  await eventually(
    'Prometheus is ready',
    async () => {
      if (failure ?? child.exitCode !== null) throw failure ?? new Error(`Prometheus ended:\n${said}`);
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok;
    },
    60_000,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function ask<T>(url: string, what: string, parameters: Record<string, string>): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`);
  const { data, error } = (await answer.json()) as { data: T; error?: string };
  if (error !== undefined) throw new Error(`${parameters['query'] ?? what}: ${error}`);
  return data;
}
