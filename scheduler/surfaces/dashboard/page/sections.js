/** The parts of the page below the header: each is made once and takes new figures. */
import { chart, sparkline } from './charts.js';
import { byId, html, keyedList, setAttributes, setText } from './dom.js';
import { ago, count, duration, milliseconds, rate, things, unknown } from './format.js';

/** @import { DashboardData, DashboardInstance, DashboardNode, DashboardNotable } from '../shape.ts' */

/** Where the guide wants to be told. */
const pendingMax = 1000;
const deadLettersMax = 100;

/** @returns {(data: DashboardData) => void} */
export function sections() {
  const parts = [tiles(), charts(), instances(), nodes(), notable()];
  return (data) => {
    for (const update of parts) update(data);
  };
}

// ------------------------------------------------------------------- tiles

/** @returns {(data: DashboardData) => void} */
function tiles() {
  /** @typedef {{ name: string, value: string, more: string, mood?: string, part?: number }} Tile */
  const list = keyedList(byId('tiles'), (/** @type {Tile} */ { name }) => name, tile);
  return ({ totals }) => {
    const serving = totals.instances_serving === totals.instances;
    const allReady = totals.nodes_ready === totals.nodes;
    list([
      {
        name: 'Instances',
        value: `${count(totals.instances_serving)}/${count(totals.instances)}`,
        more: serving ? 'all serving' : `${count(totals.instances - totals.instances_serving)} not serving`,
        mood: serving ? 'good' : 'bad',
      },
      {
        name: 'Sessions',
        value: count(totals.sessions),
        more: totals.sessions_detached > 0 ? `${count(totals.sessions_detached)} may come back` : 'connected',
      },
      {
        name: 'Nodes ready',
        value: `${count(totals.nodes_ready)}/${count(totals.nodes)}`,
        more: things(totals.slots, 'slot'),
        mood: totals.nodes_ready === 0 ? 'bad' : allReady ? 'good' : 'warn',
      },
      {
        name: 'Slots in use',
        value: totals.slots === 0 ? unknown : `${count((100 * totals.slots_used) / totals.slots)} %`,
        more: `${count(totals.slots_used)} of ${count(totals.slots)}`,
        part: totals.slots === 0 ? 0 : totals.slots_used / totals.slots,
      },
      {
        name: 'Jobs per second',
        value: rate(totals.jobs_per_second),
        more: `${count(totals.waiting)} waiting`,
        mood: totals.waiting > 0 ? 'warn' : 'plain',
      },
      {
        name: 'Latency p50',
        value: milliseconds(totals.p50_ms),
        more: `p99 ${milliseconds(totals.p99_ms)}`,
      },
      {
        name: 'Inbox pending',
        value: count(totals.pending),
        more: `of ${things(totals.inbox, 'entry', 'entries')}`,
        mood: totals.pending > pendingMax ? 'bad' : 'plain',
      },
      {
        name: 'Dead letters',
        value: count(totals.dlq),
        more: totals.dlq === 0 ? 'none' : 'scheduler dlq list',
        mood: totals.dlq > deadLettersMax ? 'bad' : totals.dlq > 0 ? 'warn' : 'good',
      },
    ]);
  };
}

function tile() {
  const name = html('dt');
  const value = html('dd', { class: 'value' });
  const more = html('dd', { class: 'more muted' });
  const bar = /** @type {HTMLProgressElement} */ (html('progress', { max: 1, 'aria-hidden': 'true' }));
  const element = html('div', { class: 'card tile' }, name, value, more, bar);
  return {
    element,
    /** @param {{ name: string, value: string, more: string, mood?: string, part?: number }} tile */
    update(tile) {
      setText(name, tile.name);
      setText(value, tile.value);
      setText(more, tile.more);
      setAttributes(element, { 'data-mood': tile.mood ?? 'plain' });
      bar.hidden = tile.part === undefined;
      bar.value = tile.part ?? 0;
    },
  };
}

// ------------------------------------------------------------------ charts

/** @returns {(data: DashboardData) => void} */
function charts() {
  const throughput = chart({ title: 'Jobs per second', format: rate });
  const latency = chart({ title: 'Latency', format: milliseconds });
  const open = chart({ title: 'Open jobs', format: count });
  byId('charts').append(throughput.element, latency.element, open.element);
  return ({ history }) => {
    throughput.update([{ name: 'answered', kind: 'rate', values: history.jobs_per_second }]);
    latency.update([
      { name: 'p99', kind: 'high', values: history.p99_ms },
      { name: 'p50', kind: 'low', values: history.p50_ms },
    ]);
    open.update([
      { name: 'running', kind: 'low', values: history.running },
      { name: 'waiting', kind: 'high', values: history.waiting },
    ]);
  };
}

// --------------------------------------------------------------- instances

const moods = { serving: 'good', draining: 'warn', silent: 'bad', gone: 'bad' };
const states = {
  serving: 'serving',
  draining: 'draining',
  silent: 'silent: it publishes nothing',
  gone: 'gone',
};

/** @returns {(data: DashboardData) => void} */
function instances() {
  const list = keyedList(
    byId('instances'),
    (/** @type {DashboardInstance} */ one) => one.instance_id,
    instanceRow,
  );
  return (data) => {
    list(data.instances);
  };
}

function instanceRow() {
  const id = html('b');
  const where = html('span', { class: 'muted small' });
  const state = html('span', { class: 'state' });
  const spark = sparkline();
  const speed = html('span');
  const cells = ['Uptime', 'Sessions', 'Nodes', 'Waiting / running', 'Inbox / pending', 'Dead letters'].map(
    (label) => html('td', { class: 'number', 'data-label': label }),
  );
  const [uptime, sessions, nodesCell, jobs, inbox, letters] = cells;
  const element = html(
    'tr',
    {},
    html('th', { scope: 'row' }, id, where),
    html('td', { 'data-label': 'State' }, state),
    ...cells.slice(0, 3),
    html('td', { 'data-label': 'Jobs per second', class: 'speed' }, spark.element, speed),
    ...cells.slice(3),
  );
  return {
    element,
    /** @param {DashboardInstance} one */
    update(one) {
      setText(id, one.instance_id);
      setText(
        where,
        one.hostname === null ? '' : `${one.hostname} · pid ${String(one.pid)} · ${one.version ?? ''}`,
      );
      setText(state, states[one.state]);
      setAttributes(element, { 'data-mood': moods[one.state] });
      spark.update(one.rate_history);
      setText(speed, rate(one.jobs_per_second));
      const texts = [
        duration(one.uptime_seconds),
        count(one.sessions),
        count(one.nodes),
        `${count(one.waiting)} / ${count(one.running)}`,
        `${count(one.inbox)} / ${count(one.pending)}`,
        count(one.dlq),
      ];
      for (const [at, cell] of [uptime, sessions, nodesCell, jobs, inbox, letters].entries())
        if (cell) setText(cell, texts[at] ?? '');
      if (inbox) setAttributes(inbox, { 'data-alarm': one.pending > pendingMax });
      if (letters) setAttributes(letters, { 'data-alarm': one.dlq > 0 });
    },
  };
}

// ------------------------------------------------------------------- nodes

/** More slots than this are one bar. */
const slotsDrawn = 16;

const nodeMoods = { ready: 'good', degraded: 'bad', offline: 'bad', registering: 'warn', draining: 'warn' };

/** @returns {(data: DashboardData) => void} */
function nodes() {
  const list = keyedList(byId('nodes'), (/** @type {DashboardNode} */ node) => node.node_id, nodeRow);
  return (data) => {
    list(data.nodes);
    byId('nodes-empty').hidden = data.nodes.length > 0;
    const left = data.nodes_left_out > 0 ? `, ${count(data.nodes_left_out)} not shown` : '';
    setText(byId('nodes-count'), data.totals.nodes > 0 ? `${count(data.totals.nodes)}${left}` : '');
  };
}

function nodeRow() {
  const id = html('b');
  const status = html('span', { class: 'state' });
  const where = html('span', { class: 'muted small' });
  const services = html('span', { class: 'muted small services' });
  const slots = html('span', { class: 'slots', role: 'img' });
  const usage = html('span', { class: 'muted small usage' });
  const element = html(
    'li',
    {},
    html('div', { class: 'who' }, id, where, services),
    html('div', { class: 'how' }, status, slots, usage),
  );
  return {
    element,
    /** @param {DashboardNode} node */
    update(node) {
      setText(id, node.node_id);
      setText(status, node.status);
      setText(where, `on ${node.instance_id}`);
      setText(services, node.services.join(', '));
      setAttributes(element, { 'data-mood': nodeMoods[node.status] });
      setAttributes(slots, {
        'aria-label': `${count(node.running)} of ${things(node.slots, 'slot')} in use`,
      });
      drawSlots(slots, node.running, node.slots);
      const { cpu_percent: cpu, gpu_percent: gpu, memory_percent: memory } = node;
      setText(usage, `CPU ${count(cpu)} · GPU ${count(gpu)} · memory ${count(memory)} %`);
    },
  };
}

/**
 * @param {HTMLElement} parent
 * @param {number} running
 * @param {number} slots
 */
function drawSlots(parent, running, slots) {
  const drawn = Math.min(slots, slotsDrawn);
  const filled = slots <= slotsDrawn ? running : Math.round((running / slots) * slotsDrawn);
  while (parent.children.length > drawn) parent.lastElementChild?.remove();
  while (parent.children.length < drawn) parent.append(html('i'));
  for (const [at, cell] of [...parent.children].entries())
    setAttributes(cell, { class: at < filled ? 'used' : 'free' });
}

// ----------------------------------------------------------------- notable

/** @returns {(data: DashboardData) => void} */
function notable() {
  const keyOf = (/** @type {DashboardNotable} */ { instance_id, what }) => `${instance_id} ${what}`;
  let nowMs = 0;
  const list = keyedList(byId('notable'), keyOf, () => notableRow(() => nowMs));
  return (data) => {
    nowMs = data.at_ms;
    /** @type {Map<string, DashboardNotable>} */
    const newest = new Map();
    for (const event of data.notable) if (!newest.has(keyOf(event))) newest.set(keyOf(event), event);
    list([...newest.values()]);
    byId('notable-empty').hidden = data.notable.length > 0;
  };
}

/** @param {() => number} now */
function notableRow(now) {
  const what = html('span', { class: 'what' });
  const times = html('span', { class: 'times' });
  const when = html('time');
  const where = html('span');
  const meta = html('span', { class: 'muted small' }, where, ' · ', when);
  const element = html('li', {}, html('div', {}, what, times), meta);
  return {
    element,
    /** @param {DashboardNotable} event */
    update(event) {
      setAttributes(element, { 'data-level': event.level });
      setText(what, event.what);
      setText(times, event.count > 1 ? `×${count(event.count)}` : '');
      setText(where, event.instance_id);
      setText(when, ago(now() - event.at_ms));
      const at = new Date(event.at_ms);
      setAttributes(when, { datetime: at.toISOString(), title: at.toLocaleString() });
    },
  };
}
