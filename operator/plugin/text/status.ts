/** One cluster on one screen, and many as a table: first whether all is well, then what is not. Pure. */
import { printable, table } from '../../../common/table.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { isPaused } from '../../decide/update.ts';
import type { Pod } from '../../kube/resources.ts';
import { fineName, isStale, judged, type Level } from '../judge.ts';
import { eventTime, type SeenEvent } from '../events.ts';
import { instancesOf, instancesTable } from './instances.ts';
import { age, wrapped } from './layout.ts';
import type { Style } from './style.ts';

export interface Seen {
  readonly cluster: SchedulerCluster;
  readonly pods: readonly Pod[];
  readonly events: readonly SeenEvent[] | { readonly why: string };
}

export interface Screen {
  readonly style: Style;
  readonly width: number;
  readonly nowMs: number;
}

const eventsMax = 6;
const eventsMs = 3600_000;

export function statusScreen(seen: Seen, screen: Screen): string {
  const { cluster, pods } = seen;
  const { style, nowMs } = screen;
  return [
    headline(cluster, screen),
    facts(cluster),
    conditions(cluster, screen),
    `${style.strong('Instances')}\n${indented(instancesTable(instancesOf(cluster, pods, nowMs), style))}`,
    eventList(seen.events, screen),
  ].join('\n');
}

// ---------------------------------------------------------------- sections

function headline(cluster: SchedulerCluster, { style, width }: Screen): string {
  const { name, namespace = 'default' } = cluster.metadata;
  const { word, level, message } = verdict(cluster);
  const paint = {
    ok: style.good,
    moving: style.warn,
    warn: style.warn,
    fail: style.bad,
    unknown: style.warn,
  };
  const title = `${style.strong(name)} in ${namespace}: ${paint[level](word)}`;
  return `${title}\n  ${wrapped(printable(message), width - 2, '  ')}\n`;
}

interface Verdict {
  readonly word: string;
  readonly level: Level;
  readonly message: string;
}

function verdict(cluster: SchedulerCluster): Verdict {
  const all = judged(cluster);
  const { level = 'unknown', reason = '', message = '' } = all.find(({ type }) => type === 'Ready') ?? {};
  const degraded = all.find(({ type, level: found }) => type === 'Degraded' && found === 'fail');
  const words: Readonly<Record<Level, string>> = {
    ok: reason === 'Hibernated' ? reason : 'Ready',
    moving: `Not ready yet (${reason})`,
    warn: reason,
    fail: `Not ready (${reason})`,
    unknown: 'Not known yet',
  };
  if (!degraded || degraded.reason === reason) return { word: words[level], level, message };
  return { word: `${words[level]}, ${degraded.reason}`, level: level === 'ok' ? 'warn' : 'fail', message };
}

function facts(cluster: SchedulerCluster): string {
  const { spec, status = {}, metadata } = cluster;
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status;
  const rows = [
    [
      'instances',
      `${String(spec.replicas)} wanted, ${String(replicas)} made, ${String(readyReplicas)} ready, ${String(updatedReplicas)} up to date`,
    ],
    ['image', spec.image],
    ['redis', redisOf(cluster)],
    ['update', updateOf(cluster)],
  ];
  if (isStale(cluster))
    rows.push([
      'note',
      `the operator has not yet acted on the last change (generation ${String(metadata.generation ?? 0)})`,
    ]);
  return indented(table(rows.map(([name = '', value = '']) => [name, printable(value)])));
}

function redisOf({ spec: { redis } }: SchedulerCluster): string {
  const where = redis.url ?? redis.clusterUrls?.join(', ') ?? 'embedded, for development';
  return `${redis.mode}, ${where}, keys ${redis.keyPrefix}:*`;
}

function updateOf(cluster: SchedulerCluster): string {
  const progressing = judged(cluster).find(({ type }) => type === 'Progressing');
  const { revision, verdict, message } = cluster.status?.rollout ?? {};
  const held = isPaused(cluster) ? ', paused (kubectl lingua resume)' : '';
  const told = verdict === 'Failed' ? `, canary failed: ${message ?? ''}` : verdict ? ', canary passed' : '';
  return `${progressing?.reason ?? 'Unknown'}${revision === undefined ? '' : `, revision ${revision}`}${told}${held}`;
}

function conditions(cluster: SchedulerCluster, { style, width }: Screen): string {
  const all = judged(cluster);
  const told = all.find(({ type }) => type === 'Ready')?.message;
  const fine = all.filter(({ level }) => level === 'ok').map(({ type }) => fineName(type));
  const signs = {
    ok: style.good('ok  '),
    moving: style.warn('... '),
    warn: style.warn('warn'),
    fail: style.bad('FAIL'),
    unknown: style.faint('?   '),
  };
  const others = all
    // Of Ready the headline tells.
    .filter(({ level, type }) => level !== 'ok' && type !== 'Ready')
    .map(({ type, level, reason, message }) => {
      if (message === told) return `  ${signs[level]} ${style.strong(type)} ${reason}\n`;
      const text = wrapped(printable(message), width - 8, ' '.repeat(7));
      return `  ${signs[level]} ${style.strong(type)} ${reason}\n       ${text}\n`;
    });
  const good =
    fine.length === 0 ? '' : `  ${signs.ok} ${wrapped(fine.join(', '), width - 8, ' '.repeat(7))}\n`;
  return `${style.strong('Conditions')}\n${others.join('')}${good}`;
}

function eventList(events: Seen['events'], { style, nowMs, width }: Screen): string {
  if ('why' in events) return `${style.strong('Events')}\n  ${style.faint(`not shown: ${events.why}`)}\n`;
  const recent = events.filter((event) => nowMs - Date.parse(eventTime(event)) < eventsMs).slice(-eventsMax);
  if (recent.length === 0) return `${style.strong('Events')} of the last hour: none\n`;
  const rows = recent.map((event) => {
    const { type, reason = '', message = '', involvedObject } = event;
    const about = involvedObject.kind === 'Pod' ? `${involvedObject.name ?? ''}: ` : '';
    const text = printable(`${about}${message}`);
    return [
      `  ${age(eventTime(event), nowMs)}`,
      type === 'Warning' ? style.warn(reason) : reason,
      text.length > width ? `${text.slice(0, width - 1)}…` : text,
    ];
  });
  return `${style.strong('Events')} of the last hour\n${table(rows)}`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

// --------------------------------------------------------------- many of them

export function clustersTable(
  clusters: readonly SchedulerCluster[],
  { style, nowMs }: Screen,
  withNamespace: boolean,
): string {
  if (clusters.length === 0) return 'no SchedulerClusters\n';
  const head = ['NAME', 'INSTANCES', 'READY', 'REASON', 'AGE', 'TROUBLE'];
  const rows = clusters.map((cluster) => {
    const all = judged(cluster);
    const ready = all.find(({ type }) => type === 'Ready');
    const trouble = all
      .filter(({ level, type }) => level === 'fail' && type !== 'Ready')
      .map(({ reason }) => reason);
    const isReady = ready?.level === 'ok';
    return [
      cluster.metadata.name,
      `${String(cluster.status?.readyReplicas ?? 0)}/${String(cluster.spec.replicas)}`,
      isReady ? style.good('yes') : style.bad('no'),
      ready?.reason ?? '',
      age(cluster.metadata.creationTimestamp, nowMs),
      trouble.length === 0 ? '' : style.bad([...new Set(trouble)].join(', ')),
    ];
  });
  const all = [head.map(style.faint), ...rows];
  if (!withNamespace) return table(all);
  const namespaces = [style.faint('NAMESPACE'), ...clusters.map(({ metadata }) => metadata.namespace ?? '')];
  return table(all.map((row, at) => [namespaces[at] ?? '', ...row]));
}

// ------------------------------------------------------------- for machines

export function statusData({ cluster, pods, events }: Seen, nowMs: number): object {
  return {
    name: cluster.metadata.name,
    namespace: cluster.metadata.namespace,
    image: cluster.spec.image,
    replicas: {
      wanted: cluster.spec.replicas,
      made: cluster.status?.replicas ?? 0,
      ready: cluster.status?.readyReplicas ?? 0,
      updated: cluster.status?.updatedReplicas ?? 0,
    },
    paused: isPaused(cluster),
    stale: isStale(cluster),
    rollout: cluster.status?.rollout,
    conditions: judged(cluster),
    instances: instancesOf(cluster, pods, nowMs),
    events:
      'why' in events
        ? undefined
        : events.map((event) => ({
            time: eventTime(event),
            type: event.type,
            reason: event.reason,
            about: `${event.involvedObject.kind ?? ''}/${event.involvedObject.name ?? ''}`,
            message: event.message,
          })),
  };
}
