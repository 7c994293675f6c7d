/** What a panel shows: its queries with the variables filled in, asked of a Prometheus. */
import type { Prometheus } from '../prometheus.ts';
import type { GrafanaDashboard, GrafanaPanel, Line, Window } from './dashboard.ts';

/** With `All` chosen in every variable, as the page opens. */
export async function linesOf(
  prometheus: Prometheus,
  { templating }: GrafanaDashboard,
  { targets }: GrafanaPanel,
  window: Window,
): Promise<Line[]> {
  // Of so many scrapes, a second apart.
  const variables = new Map([['__rate_interval', '10s']]);
  for (const { name, allValue } of templating.list) if (allValue !== undefined) variables.set(name, allValue);
  const filled = (expr: string) =>
    expr.replace(/\$(\w+)/g, (all, name: string) => variables.get(name) ?? all);
  const answers = await Promise.all(
    targets.map(async ({ expr, legendFormat }) => {
      const series = await prometheus.range(filled(expr), window);
      return series.map(({ metric, values }) => ({
        name: legendOf(legendFormat, metric),
        points: values.map(([seconds, value]) => [seconds, Number(value)] as const),
      }));
    }),
  );
  return answers.flat();
}

const legendOf = (format: string, metric: Readonly<Record<string, string>>): string =>
  format.replace(/\{\{(\w+)\}\}/g, (_all, label: string) => metric[label] ?? '').trim();
