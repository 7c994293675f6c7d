/** What an instance still holds, from its metrics. Pure. */
import { count } from '../../../common/count.ts';

const gauges = [
  ['scheduler_sessions_total', 'session'],
  ['scheduler_nodes_total', 'node'],
  ['scheduler_open_jobs', 'job'],
] as const;

/** `3 sessions, 1 node, 0 jobs`; empty when it is not told. */
export const leftBehind = (metrics: string): string =>
  gauges
    .flatMap(([name, what]) => {
      const series = [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
      const sum = series.reduce((total, [, value]) => total + Number(value), 0);
      return series.length === 0 ? [] : [count(sum, what)];
    })
    .join(', ');
