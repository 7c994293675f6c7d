/** `doctor`: what the operator says of a fleet, what its pods show, and what the scheduler's own doctor finds in Redis. */
import { printable, table } from '../../../common/table.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { Pod } from '../../kube/resources.ts';
import { toAppError } from '../../../common/errors.ts';
import { runTool, spokesman } from '../ask.ts';
import { isStale, judged, type Level } from '../judge.ts';
import { listClusters, listPods } from '../look.ts';
import { formatted, type Plugin, type Run } from '../plugin.ts';
import { clusterOf } from '../target.ts';
import { instancesOf } from '../text/instances.ts';
import type { Style } from '../text/style.ts';
import { namespaceOf } from './status.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly check: string;
  readonly what: string;
  readonly remedy?: string | undefined;
}

export const doctor: Run = async ({ operands: [name], values, format }, plugin) => {
  const clusters = await listClusters(plugin.kubectl);
  const cluster = clusterOf(name, clusters, await namespaceOf(clusters, plugin, values.namespace));
  const { ok, findings } = await examine(cluster, await listPods(plugin.kubectl, cluster), plugin);
  plugin.out(format ? formatted({ ok, findings }, format) : findingsTable(findings, plugin.style));
  return ok ? 0 : 1;
};

export async function examine(
  cluster: SchedulerCluster,
  pods: readonly Pod[],
  plugin: Pick<Plugin, 'kubectl' | 'clock'>,
): Promise<{ ok: boolean; findings: Finding[] }> {
  const inside = cluster.spec.replicas === 0 ? [] : await insideFindings(cluster, pods, plugin);
  const findings = [...outsideFindings(cluster, pods, plugin.clock.now()), ...inside];
  return { ok: !findings.some(({ level }) => level === 'fail'), findings };
}

const levels: Readonly<Record<Level, Finding['level']>> = {
  ok: 'ok',
  moving: 'warn',
  warn: 'warn',
  fail: 'fail',
  unknown: 'warn',
};

/** What can be seen from outside: conditions, and what is odd about instances. */
export function outsideFindings(cluster: SchedulerCluster, pods: readonly Pod[], nowMs: number): Finding[] {
  const conditions = judged(cluster).map(({ type, level, reason, message }): Finding => {
    const what = level === 'ok' ? reason : `${reason}: ${message}`;
    return { level: levels[level], check: type, what };
  });
  const stale: Finding = {
    level: 'warn',
    check: 'operator',
    what: 'it has not acted on the last change yet',
    remedy:
      'if it stays so, see whether the operator runs: kubectl get pods -A -l app.kubernetes.io/name=lingua-operator',
  };
  const odd = instancesOf(cluster, pods, nowMs).flatMap(({ id, notes }) =>
    notes.map((what): Finding => ({ level: 'warn', check: id, what })),
  );
  return [...(isStale(cluster) ? [stale] : []), ...conditions, ...odd];
}

/** What an instance finds. That nobody can be asked is a finding too. */
async function insideFindings(
  cluster: SchedulerCluster,
  pods: readonly Pod[],
  { kubectl }: Pick<Plugin, 'kubectl'>,
): Promise<Finding[]> {
  try {
    const pod = spokesman(cluster, pods);
    const { stdout, stderr } = await runTool(kubectl, pod, ['doctor', '--json']);
    if (stdout === '')
      return [{ level: 'fail', check: 'doctor', what: `${pod.metadata.name}: ${stderr.trim()}` }];
    return (JSON.parse(stdout) as { findings: Finding[] }).findings;
  } catch (error) {
    const [what = '', ...remedy] = toAppError(error).message.split('\n');
    return [{ level: 'fail', check: 'doctor', what, remedy: remedy.join(' ') || undefined }];
  }
}

export function findingsTable(findings: readonly Finding[], style: Style): string {
  const paint = { ok: style.good, warn: style.warn, fail: style.bad };
  return table(
    findings.map(({ level, check, what, remedy }) => [
      paint[level](level),
      printable(check),
      printable(`${what}${remedy === undefined ? '' : `  -> ${remedy}`}`),
    ]),
  );
}
