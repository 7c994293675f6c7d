/** Curves over the last two minutes, in plain SVG. */
import { html, setAttributes, setText, svg } from './dom.js';

/** @typedef {readonly (number | null)[]} Values */
/** @typedef {{ name: string, kind: string, values: Values }} Series */

/** How much of the past a chart has room for, and the time between two values. */
const places = 60;
const stepSeconds = 2;

const width = 600;
const height = 150;

/**
 * @param {{ title: string, format: (value: number | null) => string }} options
 * @returns {{ element: HTMLElement, update: (series: readonly Series[]) => void }}
 */
export function chart({ title, format }) {
  const paths = svg('g');
  const cursor = svg('line', { class: 'cursor', y1: 0, y2: height, visibility: 'hidden' });
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${String(width)} ${String(height)}`,
      preserveAspectRatio: 'none',
      role: 'img',
      tabindex: 0,
    },
    ...[0.25, 0.5, 0.75].map((part) =>
      svg('line', { class: 'grid', x1: 0, x2: width, y1: height * part, y2: height * part }),
    ),
    paths,
    cursor,
  );
  const most = html('span', { class: 'most' });
  const legend = html('p', { class: 'legend' });
  const when = html('span', {}, 'now');
  const element = html(
    'figure',
    { class: 'card chart' },
    html('figcaption', {}, html('h2', {}, title), legend),
    html('div', { class: 'plot' }, picture, most),
    html('p', { class: 'axis muted', 'aria-hidden': 'true' }, html('span', {}, '2 min ago'), when),
  );

  /** @type {readonly Series[]} */
  let shown = [];
  /** How many steps before now is pointed at; undefined: nothing is. @type {number | undefined} */
  let back;

  function draw() {
    const top = niceCeiling(
      Math.max(0, ...shown.flatMap(({ values }) => values.filter((value) => value !== null))),
    );
    setText(most, format(top));
    drawPaths(paths, shown, top);
    const x = back === undefined ? 0 : xOf(places - 1 - back);
    setAttributes(cursor, { x1: x, x2: x, visibility: back === undefined ? 'hidden' : 'visible' });
    setText(when, back === undefined || back === 0 ? 'now' : `${String(back * stepSeconds)} s ago`);
    drawLegend(legend, shown, back ?? 0, format);
    const told = shown.map(({ name, values }) => `${name} ${format(values.at(-1) ?? null)}`).join(', ');
    setAttributes(picture, { 'aria-label': `${title}, now: ${told}. Arrow keys look back.` });
  }

  picture.addEventListener('pointermove', (event) => {
    const { left, width: wide } = picture.getBoundingClientRect();
    back = clamp(places - 1 - Math.round(((event.clientX - left) / wide) * (places - 1)));
    draw();
  });
  const leave = () => {
    back = undefined;
    draw();
  };
  picture.addEventListener('pointerleave', leave);
  picture.addEventListener('blur', leave);
  picture.addEventListener('keydown', (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
    event.preventDefault();
    back = clamp((back ?? 0) + (key === 'ArrowLeft' ? 1 : -1));
    draw();
  });

  return {
    element,
    update(series) {
      shown = series;
      draw();
    },
  };
}

/**
 * A curve in a line of text. The figure beside it says the same to those who cannot see it.
 *
 * @returns {{ element: SVGElement, update: (values: Values) => void }}
 */
export function sparkline() {
  const line = svg('path', { class: 'line rate' });
  const area = svg('path', { class: 'area rate' });
  const element = svg(
    'svg',
    {
      class: 'spark',
      viewBox: `0 0 ${String(width)} ${String(height)}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    area,
    line,
  );
  return {
    element,
    update(values) {
      const top = Math.max(1, ...values.filter((value) => value !== null));
      setAttributes(line, { d: lineOf(values, top) });
      setAttributes(area, { d: areaOf(values, top) });
    },
  };
}

/**
 * @param {SVGElement} group
 * @param {readonly Series[]} series
 * @param {number} top
 */
function drawPaths(group, series, top) {
  while (group.children.length < series.length * 2) group.append(svg('path'));
  for (const [at, { kind, values }] of series.entries()) {
    const [area, line] = [group.children[at * 2], group.children[at * 2 + 1]];
    if (area) setAttributes(area, { class: `area ${kind}`, d: areaOf(values, top) });
    if (line) setAttributes(line, { class: `line ${kind}`, d: lineOf(values, top) });
  }
}

/**
 * @param {HTMLElement} legend
 * @param {readonly Series[]} series
 * @param {number} back
 * @param {(value: number | null) => string} format
 */
function drawLegend(legend, series, back, format) {
  while (legend.children.length < series.length) {
    legend.append(html('span', { class: 'key' }, html('i'), html('span'), html('b')));
  }
  for (const [at, { name, kind, values }] of series.entries()) {
    const key = legend.children[at];
    const [dot, label, value] = key?.children ?? [];
    if (!dot || !label || !value) continue;
    setAttributes(dot, { class: kind });
    setText(label, name);
    setText(value, format(values[values.length - 1 - back] ?? null));
  }
}

/** @param {number} back */
const clamp = (back) => Math.min(places - 1, Math.max(0, back));

/** @param {number} place */
const xOf = (place) => (place / (places - 1)) * width;

/**
 * The newest value stands at the right edge, however few there are.
 *
 * @param {Values} values
 * @param {number} top
 * @returns {{ x: number, y: number }[][]} stretches without a gap
 */
function stretches(values, top) {
  /** @type {{ x: number, y: number }[][]} */
  const found = [[]];
  for (const [at, value] of values.slice(-places).entries()) {
    const place = places - Math.min(places, values.length) + at;
    if (value === null) found.push([]);
    else found.at(-1)?.push({ x: xOf(place), y: height - (value / top) * (height - 4) - 1 });
  }
  return found.filter((stretch) => stretch.length > 0);
}

/** @param {{ x: number, y: number }} point */
const point = ({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;

/**
 * @param {Values} values
 * @param {number} top
 */
const lineOf = (values, top) =>
  stretches(values, top)
    .map((stretch) => `M${stretch.map(point).join('L')}${stretch.length === 1 ? 'h1' : ''}`)
    .join('');

/**
 * @param {Values} values
 * @param {number} top
 */
const areaOf = (values, top) =>
  stretches(values, top)
    .map((stretch) => {
      const [first, last] = [stretch[0], stretch.at(-1)];
      if (!first || !last) return '';
      return `M${first.x.toFixed(1)} ${String(height)}L${stretch.map(point).join('L')}L${last.x.toFixed(1)} ${String(height)}Z`;
    })
    .join('');

/** The next number of 1, 2, 5, 10, …: an axis that does not jump with every value. @param {number} value */
function niceCeiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.5, 2, 3, 5, 10].find((one) => one * power >= value * 1.05) ?? 20;
  return factor * power;
}
