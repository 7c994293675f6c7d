/** `logs`: every instance's log as one. With `--follow` also those of instances that come, or come back, meanwhile. */
import { AppError, toAppError } from '../../../common/errors.ts';
import { ordinalOf } from '../../api/names.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { Pod } from '../../kube/resources.ts';
import { containerName } from '../../resources/pod-template.ts';
import type { Values } from '../arguments.ts';
import { explained } from '../failures.ts';
import { inNamespace, listClusters, listPods } from '../look.ts';
import type { Plugin, Run } from '../plugin.ts';
import { targetOf, type Target } from '../target.ts';
import { merged, prefixed } from '../text/log-lines.ts';
import { namespaceOf } from './status.ts';

const usualTail = '200';
const lookEveryMs = 2000;

export const logs: Run = async ({ operands, values }, plugin) => {
  const clusters = await listClusters(plugin.kubectl);
  const target = targetOf(operands, clusters, await namespaceOf(clusters, plugin, values.namespace));
  const pods = await wantedPods(target, plugin);
  if (pods.length === 0) throw noPods(target);
  return values.follow ? follow(target, values, plugin) : show(target, pods, values, plugin);
};

async function wantedPods({ cluster, instance }: Target, { kubectl }: Plugin): Promise<Pod[]> {
  const pods = await listPods(kubectl, cluster);
  return instance === undefined ? pods : pods.filter(({ metadata }) => metadata.name === instance);
}

const noPods = ({ cluster, instance }: Target): AppError =>
  new AppError(
    'not_found',
    `${instance ?? cluster.metadata.name} has no ${instance === undefined ? 'instances' : 'pod'} now\n\`kubectl lingua instances ${cluster.metadata.name}\` shows what there is.`,
  );

function logArguments(
  cluster: SchedulerCluster,
  pod: string,
  { since, previous }: Values,
  more: readonly string[],
): string[] {
  return [
    ...['logs', pod, ...inNamespace(cluster), '--container', containerName, ...more],
    ...(since === undefined ? [] : [`--since=${since}`]),
    ...(previous ? ['--previous'] : []),
  ];
}

// ---------------------------------------------------------------- once

async function show(
  { cluster }: Target,
  pods: readonly Pod[],
  values: Values,
  plugin: Plugin,
): Promise<number> {
  const found = new Map<string, readonly string[]>();
  let failure: AppError | undefined;
  await Promise.all(
    pods.map(async ({ metadata: { name } }) => {
      try {
        const args = logArguments(cluster, name, values, [`--tail=${values.tail ?? usualTail}`]);
        found.set(name, linesOf(await plugin.kubectl.text(args)));
      } catch (error) {
        failure = toAppError(error);
        plugin.note(`${name}: ${failure.message}\n`);
      }
    }),
  );
  if (failure && found.size === 0) return 1;
  const write = writer(
    cluster,
    pods.map(({ metadata }) => metadata.name),
    plugin,
  );
  for (const { from, text } of merged(found)) write(from, text);
  return 0;
}

const linesOf = (text: string): string[] =>
  text.split('\n').filter((line, at, all) => line !== '' || at < all.length - 1);

function writer(cluster: SchedulerCluster, names: readonly string[], { style, out }: Plugin) {
  const width = Math.max(...names.map((name) => name.length));
  return (from: string, text: string): void => {
    out(prefixed({ from, text }, width, style.nth(ordinalOf(cluster, from) ?? 0)));
  };
}

// -------------------------------------------------------------- follow

/** One run of the container of one pod. */
const runOf = ({ metadata, status }: Pod): string =>
  `${metadata.uid ?? ''}/${String(status?.containerStatuses?.[0]?.restartCount ?? 0)}`;

const isRunning = ({ status }: Pod): boolean => status?.containerStatuses?.[0]?.state?.running !== undefined;

async function follow(target: Target, values: Values, plugin: Plugin): Promise<number> {
  const { cluster } = target;
  const { clock, kubectl, signal } = plugin;
  const streams = new Map<string, Promise<void>>();
  const ended = new Map<string, number>();
  let isFirst = true;
  while (!signal.aborted) {
    const pods = await wantedPods(target, plugin);
    const write = writer(
      cluster,
      pods.map(({ metadata }) => metadata.name).concat(cluster.metadata.name),
      plugin,
    );
    for (const pod of pods.filter(isRunning)) {
      const run = runOf(pod);
      if (streams.has(run)) continue;
      const { name } = pod.metadata;
      const args = logArguments(cluster, name, values, [
        '--follow',
        ...whence(values, isFirst, ended.get(run)),
      ]);
      const stream = kubectl
        .lines(
          args,
          (line) => {
            write(name, line);
          },
          signal,
        )
        .then(({ code, stderr }) => {
          if (code !== 0 && !signal.aborted) plugin.note(`${name}: ${explained(stderr).message}\n`);
        })
        .finally(() => {
          streams.delete(run);
          ended.set(run, clock.now());
        });
      streams.set(run, stream);
    }
    isFirst = false;
    await clock.sleep(lookEveryMs, signal);
  }
  await Promise.all(streams.values());
  return 0;
}

/** An instance that comes later is shown whole; a stream that broke goes on where it ended. */
function whence({ tail }: Values, isFirst: boolean, endedMs: number | undefined): string[] {
  if (endedMs !== undefined) return [`--since-time=${new Date(endedMs).toISOString()}`];
  return [`--tail=${isFirst ? (tail ?? usualTail) : '-1'}`];
}
