/** What a PromQL expression asks for, compared with what the two programs register. */
import { operatorMetrics, schedulerMetrics } from '../../docs/generate/metrics-reference.ts';

/** Labels that the scrape adds: Prometheus, the Prometheus operator, and our PodMonitor. */
const ofTheScrape = ['job', 'instance', 'namespace', 'pod', 'container', 'scheduler_cluster'];
/** Of Prometheus, and of Node's part in both programs, which the reference pages leave out. */
const ofOthers = ['up', 'process_resident_memory_bytes'];

type Series = readonly (readonly [name: string, labels: readonly string[]])[];

const known = new Map<string, readonly string[]>([
  ...ofOthers.map((name) => [name, ofTheScrape] as const),
  ...[...schedulerMetrics(), ...operatorMetrics()].flatMap(({ name, type, labels }): Series => {
    const all = [...labels, ...ofTheScrape];
    if (type !== 'histogram') return [[name, all]];
    return [
      [`${name}_bucket`, [...all, 'le']],
      [`${name}_sum`, all],
      [`${name}_count`, all],
    ];
  }),
]);

const words = new Set(['by', 'without', 'and', 'or', 'unless', 'on', 'ignoring', 'group_left', 'bool']);

/** In words, what it asks for and nobody tells; empty when all is well. */
export function faultsOf(expr: string): string[] {
  const faults: string[] = [];
  const used = new Set<string>();
  const grouped = [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) => namesIn(list));
  const selectors = expr
    .replace(/\b(?:by|on)\s*\([^)]*\)/g, ' ')
    .matchAll(/(?<!["\w$])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g);
  for (const [, name = '', then = ''] of selectors) {
    if (then === '(' || words.has(name) || /^\d/.test(name)) continue;
    const labels = known.get(name);
    if (!labels) {
      faults.push(`no metric ${name}`);
      continue;
    }
    for (const label of labels) used.add(label);
    for (const [, label = ''] of then.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g))
      if (!labels.includes(label)) faults.push(`${name} has no label ${label}`);
  }
  if (used.size === 0 && faults.length === 0) faults.push('no metric at all');
  return [...faults, ...grouped.filter((label) => !used.has(label)).map((label) => `no label ${label}`)];
}

const namesIn = (list: string): string[] => list.split(',').flatMap((name) => name.trim() || []);
