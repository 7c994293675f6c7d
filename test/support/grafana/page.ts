/**
 * A dashboard as a page, so that a person sees whether it can be read. This is not Grafana: the grid, titles, units, legends and
 * figures are as the JSON says, the look is ours.
 */
import type { GrafanaDashboard, GrafanaPanel, Line, Window } from './dashboard.ts';
import { figure } from './units.ts';

export interface Filled {
  readonly panel: GrafanaPanel;
  readonly lines: readonly Line[];
}

export const pageWidth = 1200;
const column = pageWidth / 24;
const row = 38;
const gap = 8;

export function dashboardPage(
  { title, panels }: GrafanaDashboard,
  filled: readonly Filled[],
  window: Window,
): string {
  const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * row;
  return `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style>
<h1>${escaped(title)}</h1>
<main style="height:${String(height)}px">${filled.map((one) => panelBox(one, window)).join('\n')}</main>
<script>${fitFigures}</script>`;
}

/** Grafana makes a figure smaller until its panel holds it: how many digits it has is no matter of the dashboard. */
const fitFigures = `
  for (const figure of document.querySelectorAll('strong span'))
    figure.style.fontSize = Math.min(30, (30 * (figure.parentElement.clientWidth - 8)) / figure.offsetWidth) + 'px';`;

function panelBox({ panel, lines }: Filled, window: Window): string {
  const { x, y, w, h } = panel.gridPos;
  const size = { width: w * column - gap, height: h * row - gap };
  const place = `left:${String(x * column)}px;top:${String(y * row)}px;width:${String(size.width)}px;height:${String(size.height)}px`;
  const body = panel.type === 'stat' ? stat(panel, lines) : course(panel, lines, window, size);
  return `<section class="${panel.type}" style="${place}" title="${escaped(panel.description)}"><h2><span>${escaped(panel.title)}</span><i>i</i></h2>${body}</section>`;
}

function stat({ fieldConfig }: GrafanaPanel, lines: readonly Line[]): string {
  const { unit, decimals } = fieldConfig.defaults;
  const last = lines[0]?.points.at(-1)?.[1];
  return last === undefined ? noData : `<strong><span>${figure(last, unit, decimals)}</span></strong>`;
}

const noData = '<em>No data</em>';
/** Of the widest digit of an axis. */
const digit = 8.5;
const around = { top: 34, bottom: 102 };

/** The axes, the lines, and the legend below. */
function course(
  { fieldConfig }: GrafanaPanel,
  lines: readonly Line[],
  { start, end }: Window,
  size: { readonly width: number; readonly height: number },
): string {
  if (lines.length === 0) return noData;
  const { defaults } = fieldConfig;
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const ticks = ticksUpTo(highest, defaults);
  const names = ticks.map((tick) => figure(tick, defaults.unit, defaults.decimals));
  const left = Math.max(76, 12 + digit * Math.max(...names.map((name) => name.length)));
  const [width, height] = [size.width - left - 12, size.height - around.top - around.bottom];
  const top = ticks.at(-1) ?? 1;
  const toX = (seconds: number) => (left + ((seconds - start) / (end - start)) * width).toFixed(1);
  const toY = (value: number) => (around.top + height * (1 - value / top)).toFixed(1);
  const across = ticks.map(
    (tick, index) =>
      `<path class="grid" d="M${String(left)} ${toY(tick)}h${String(width)}"/>` +
      `<text x="${String(left - 8)}" y="${toY(tick)}" dy="4" text-anchor="end">${names[index] ?? ''}</text>`,
  );
  const times = [0.1, 0.5, 0.9].map((part) => {
    const at = start + (end - start) * part;
    const clock = new Date(at * 1000).toISOString().slice(11, 19);
    return `<text x="${toX(at)}" y="${String(around.top + height + 18)}" text-anchor="middle">${clock}</text>`;
  });
  const drawn = lines.map(({ points }, index) => {
    const d = points.map(([seconds, value], at) => `${at === 0 ? 'M' : 'L'}${toX(seconds)} ${toY(value)}`);
    return `<path class="line" stroke="${colour(index)}" d="${d.join('')}"/>`;
  });
  const legend = lines.map(
    ({ name }, index) => `<li><b style="background:${colour(index)}"></b>${escaped(name)}</li>`,
  );
  return (
    `<svg width="${String(size.width)}" height="${String(size.height)}">${[...across, ...times, ...drawn].join('')}</svg>` +
    `<ul>${legend.join('')}</ul>`
  );
}

/** From 0 in steps of 1, 2 or 5 of a power of ten, up to five of them; of bytes, of a power of 1024. */
function ticksUpTo(highest: number, { unit, decimals }: GrafanaPanel['fieldConfig']['defaults']): number[] {
  const reach = highest || 1;
  const scale = unit === 'bytes' ? 1024 ** Math.floor(Math.log(reach) / Math.log(1024)) : 1;
  const rough = reach / scale / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const fine = power * ([1, 2, 5].find((factor) => power * factor >= rough) ?? 10);
  const step = scale * (decimals === 0 ? Math.max(1, Math.round(fine)) : fine);
  return Array.from({ length: Math.ceil(reach / step - 1e-9) + 1 }, (_, index) => index * step);
}

const colours = ['#3866c4', '#d9730d', '#1a8754', '#b83280', '#0e8a9c', '#8a6d00', '#6b46c1', '#c53030'];
const colour = (index: number): string => colours[index % colours.length] ?? '#000';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const style = `
  body { margin: 0; padding: 16px 8px 8px 16px; width: ${String(pageWidth)}px; background: #f4f5f8; color: #1c2333; font: 13px system-ui, sans-serif }
  h1 { margin: 0 0 12px; font-size: 20px }
  main { position: relative }
  section { position: absolute; box-sizing: border-box; overflow: hidden; background: #fff; border: 1px solid #dde1ea; border-radius: 4px }
  h2 { position: absolute; left: 12px; right: 12px; margin: 8px 0; font-size: 14px; font-weight: 600; white-space: nowrap; overflow: hidden }
  h2 i { margin-left: 6px; padding: 0 5px; border: 1px solid #a9b1c2; border-radius: 8px; color: #6b7489; font: italic 11px serif }
  strong { position: absolute; inset: 40px 0 0; text-align: center; font-size: 30px; font-weight: 600; line-height: 90px; white-space: nowrap }
  em { position: absolute; inset: 45% 0 0; text-align: center; color: #6b7489 }
  svg { position: absolute; left: 0; top: 0 }
  text { font-size: 12px; fill: #5a6377 }
  .grid { stroke: #e6e9f0; shape-rendering: crispEdges }
  .line { fill: none; stroke-width: 1.7 }
  ul { position: absolute; left: 12px; right: 12px; bottom: 6px; height: 72px; margin: 0; padding: 0; overflow: hidden auto; list-style: none; font-size: 12px; line-height: 18px }
  li { float: left; max-width: 100%; margin-right: 14px; overflow-wrap: anywhere }
  li b { display: inline-block; width: 14px; height: 3px; margin: 0 5px 3px 0; border-radius: 2px }`;
