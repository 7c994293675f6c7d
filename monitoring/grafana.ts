/** Grafana's JSON of a dashboard: figures in a row of six, then courses, three beside each other. */
import type { Dashboard, Panel } from './panels.ts';

const datasource = { type: 'prometheus', uid: '${datasource}' };

/** What Grafana imports. */
export function grafanaJson(dashboard: Dashboard): string {
  const page = {
    uid: dashboard.uid,
    title: dashboard.title,
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    tags: ['lingua'],
    templating: { list: variables(dashboard) },
    panels: placed(dashboard.panels),
  };
  return `${JSON.stringify(page, null, 2)}\n`;
}

const variables = ({ variables }: Dashboard): object[] => [
  { name: 'datasource', type: 'datasource', query: 'prometheus' },
  ...variables.map(([label, metric]) => ({
    name: label,
    type: 'query',
    datasource,
    query: `label_values(${metric}, ${label})`,
    refresh: 2,
    multi: true,
    includeAll: true,
    // Where hosts are scraped the label is absent, which only this matches.
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  })),
];

const columns = 24;
const sizes = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 8 } } as const;

/** From left to right, and in a new row when there is no room or the next is of another kind. */
function placed(panels: readonly Panel[]): object[] {
  let x = 0;
  let y = 0;
  return panels.map((panel, index) => {
    const { w, h } = sizes[panel.kind];
    const last = panels[index - 1]?.kind ?? panel.kind;
    if (x + w > columns || last !== panel.kind) {
      x = 0;
      y += sizes[last].h;
    }
    const gridPos = { x, y, w, h };
    x += w;
    return { id: index + 1, gridPos, ...grafanaPanel(panel) };
  });
}

const grafanaPanel = (panel: Panel): object => ({
  type: panel.kind,
  title: panel.title,
  description: panel.description,
  datasource,
  fieldConfig: {
    defaults: {
      unit: panel.unit,
      min: 0,
      ...(panel.whole ? { decimals: 0 } : {}),
      ...(panel.kind === 'timeseries' ? { custom: { fillOpacity: 8, showPoints: 'never' } } : {}),
    },
    overrides: [],
  },
  options: panel.kind === 'stat' ? oneFigure : allAtOnce,
  targets: panel.queries.map(([expr, legendFormat], query) => ({
    refId: String.fromCharCode(65 + query),
    datasource,
    expr,
    legendFormat,
  })),
});

const oneFigure = { colorMode: 'none', graphMode: 'area', reduceOptions: { calcs: ['lastNotNull'] } };
const allAtOnce = { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } };
