/** What a dashboard is made of, and the queries that all of them ask alike. */

export interface Panel {
  /** One figure as it is now, or its course over time. */
  readonly kind: 'stat' | 'timeseries';
  readonly title: string;
  /** Shown when the reader points at the panel's mark: how to read it, and what is good. */
  readonly description: string;
  /** Grafana's name of a unit. */
  readonly unit: 'short' | 'ops' | 's' | 'percentunit' | 'bytes';
  /** It counts things: an axis has no halves. */
  readonly whole?: true;
  /** Query and the legend of its series. */
  readonly queries: readonly Query[];
}

export type Query = readonly [expr: string, legend: string];

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** Variables of the page, each a label of a metric. */
  readonly variables: readonly (readonly [label: string, metric: string])[];
  /** In reading order: they are laid out from left to right. */
  readonly panels: readonly Panel[];
}

export const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
/** Nothing is shown while there was nothing to measure. */
export const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${String(q)}, sum by (${by}) (${rate(metric)})) >= 0`;
/** Nothing counted yet is none, and not an empty panel. */
export const orNone = (expr: string): string => `${expr} or vector(0)`;
export const total = (series: string): Query => [orNone(`sum(${rate(series)})`), 'all'];
