/**
 * What goes into a report: each piece in a file of its own, collected side by side. A piece that cannot be had is named with the
 * reason and keeps nothing else from being collected. Secrets are never asked for.
 */
import { stringify } from 'yaml';
import { toAppError } from '../../../common/errors.ts';
import { paths } from '../../../common/workload.ts';
import { ownedSelector } from '../../api/labels.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { KubeObject } from '../../kube/kube.ts';
import type { Pod } from '../../kube/resources.ts';
import { readPort } from '../ask.ts';
import { examine, findingsTable } from '../commands/doctor.ts';
import { eventTime } from '../events.ts';
import { inNamespace, listEvents, listPods } from '../look.ts';
import type { Plugin } from '../plugin.ts';
import { statusScreen } from '../text/status.ts';
import { styleFor } from '../text/style.ts';
import { redactObject, redactText } from './redact.ts';

export interface Collected {
  /** Text by path. */
  readonly files: ReadonlyMap<string, string>;
  /** What is not there, and why. */
  readonly missing: readonly string[];
}

const kinds = [
  ...[
    'statefulsets.apps',
    'controllerrevisions.apps',
    'services',
    'endpointslices.discovery.k8s.io',
    'configmaps',
  ],
  ...[
    'serviceaccounts',
    'poddisruptionbudgets.policy',
    'networkpolicies.networking.k8s.io',
    'ingresses.networking.k8s.io',
  ],
] as const;

/** Processes at a time: kubectl is not small. */
const atOnce = 4;

const plain = styleFor({ isTerminal: false, noColor: undefined, term: undefined });

type Piece = readonly [
  what: string,
  collect: () => Promise<readonly (readonly [path: string, text: string])[]>,
];

export async function collect(cluster: SchedulerCluster, tail: string, plugin: Plugin): Promise<Collected> {
  const files = new Map<string, string>();
  const missing: string[] = [];
  const take = async ([what, piece]: Piece): Promise<void> => {
    try {
      for (const [path, text] of await piece()) files.set(path, text);
    } catch (error) {
      missing.push(redactText(`${what}: ${toAppError(error).message.split('\n')[0] ?? ''}`));
    }
  };
  const owned = await belongings(cluster, plugin).catch(() => []);
  await inLanes([...general(cluster, plugin), ...owned.flatMap((pod) => ofPod(pod, tail, plugin))], take);
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), missing };
}

async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

const document = (object: KubeObject): string => stringify(redactObject(object));

/** The operator's mark as well: others name what is theirs alike, and it may hold anything. */
const belonging = ({ metadata }: SchedulerCluster): string =>
  `app.kubernetes.io/instance=${metadata.name},${ownedSelector}`;

/** Pods of the instances, and that of an embedded Redis. */
async function belongings(cluster: SchedulerCluster, { kubectl }: Plugin): Promise<Pod[]> {
  const query = ['get', 'pods', ...inNamespace(cluster), '--selector', belonging(cluster)];
  return (await kubectl.json<{ items: Pod[] }>(query)).items;
}

function general(cluster: SchedulerCluster, plugin: Plugin): Piece[] {
  const { kubectl, clock } = plugin;
  return [
    ['the SchedulerCluster', () => Promise.resolve([['schedulercluster.yaml', document(cluster)]])],
    ...kinds.map((kind): Piece => [kind, () => objects(kind, cluster, plugin)]),
    [
      'events',
      async () => {
        const events = await listEvents(kubectl, cluster);
        if ('why' in events) throw new Error(events.why);
        const lines = events.map((event) =>
          [eventTime(event), event.type, event.reason, event.involvedObject.name, event.message].join('  '),
        );
        return [['events.txt', redactText(`${lines.join('\n')}\n`)]];
      },
    ],
    [
      'doctor',
      async () => {
        const { findings } = await examine(cluster, await listPods(kubectl, cluster), plugin);
        return [['doctor.txt', redactText(findingsTable(findings, plain))]];
      },
    ],
    [
      'status',
      async () => {
        const [pods, events] = await Promise.all([listPods(kubectl, cluster), listEvents(kubectl, cluster)]);
        const screen = { style: plain, width: 160, nowMs: clock.now() };
        return [['status.txt', redactText(statusScreen({ cluster, pods, events }, screen))]];
      },
    ],
    // Not by `kubectl version` alone, which fails on a server whose version it cannot read.
    [
      'version of kubectl',
      async () => [['versions/kubectl.yaml', await kubectl.text(['version', '--client', '-o', 'yaml'])]],
    ],
    [
      'version of the server',
      async () => [['versions/server.json', await kubectl.text(['get', '--raw', '/version'])]],
    ],
  ];
}

async function objects(kind: string, cluster: SchedulerCluster, { kubectl }: Plugin) {
  const query = ['get', kind, ...inNamespace(cluster), '--selector', belonging(cluster)];
  const { items } = await kubectl.json<{ items: KubeObject[] }>(query);
  const folder = kind.split('.')[0] ?? kind;
  return items.map((object) => [`objects/${folder}/${object.metadata.name}.yaml`, document(object)] as const);
}

function ofPod(pod: Pod, tail: string, { kubectl }: Plugin): Piece[] {
  const { name } = pod.metadata;
  const statuses = pod.status?.containerStatuses ?? [];
  const logs = statuses.flatMap(({ name: container, restartCount, state }): Piece[] => {
    const ask = (more: readonly string[]) =>
      kubectl.text(['logs', name, ...inNamespace(pod), '--container', container, `--tail=${tail}`, ...more]);
    const runs =
      state?.waiting && restartCount === 0 ? [] : ['now', ...(restartCount > 0 ? ['previous'] : [])];
    return runs.map((run) => [
      `log of ${name} (${run})`,
      async () => [[`logs/${name}.${run}.log`, redactText(await ask(run === 'now' ? [] : ['--previous']))]],
    ]);
  });
  const isInstance = pod.metadata.labels?.['app.kubernetes.io/name'] === 'lingua-scheduler';
  return [
    [`pod ${name}`, () => Promise.resolve([[`objects/pods/${name}.yaml`, document(pod)]])],
    ...logs,
    ...(isInstance ? ports(pod, { kubectl }) : []),
  ];
}

function ports(pod: Pod, { kubectl }: Pick<Plugin, 'kubectl'>): Piece[] {
  const { name } = pod.metadata;
  const port = (what: string, path: string, file: string): Piece => [
    `${what} of ${name}`,
    async () => [[file, redactText(await readPort(kubectl, pod, path))]],
  ];
  return [
    port('metrics', paths.metrics, `metrics/${name}.prom`),
    port('view of the fleet', paths.cluster, `metrics/${name}.cluster.json`),
  ];
}
