import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../images.ts';

/** The part of Grafana's JSON of a dashboard that we write. */
export interface GrafanaPanel {
  readonly id: number;
  readonly type: 'stat' | 'timeseries';
  readonly title: string;
  readonly description: string;
  /** On a grid of 24 columns; a row is 30 pixels high, with 8 between. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string; readonly decimals?: number } };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface GrafanaDashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly allValue?: string }[] };
  readonly panels: readonly GrafanaPanel[];
}

/** A series as it is drawn. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface Window {
  readonly start: number;
  readonly end: number;
  /** Seconds between two points. */
  readonly step: number;
}

export function shippedDashboards(): readonly GrafanaDashboard[] {
  const folder = path.join(root, 'monitoring/dashboards');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as GrafanaDashboard);
}
