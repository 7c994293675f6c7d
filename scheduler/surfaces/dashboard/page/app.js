/** Asks for new figures every second, shows them, and says clearly when there are none. */
import { byId, setAttributes, setText } from './dom.js';
import { duration, milliseconds } from './format.js';
import { sections } from './sections.js';

/** @import { DashboardData } from '../shape.ts' */

const everyMs = 1000;
const patienceMs = 4000;
/** What is said of other instances is old when the one that answers could not ask for longer. */
const oldMs = 6000;

const show = sections();

/** When the last answer came. @type {number | undefined} */
let answeredAt;

/** @returns {Promise<DashboardData>} */
async function ask() {
  const response = await fetch('/dashboard/data', {
    cache: 'no-store',
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new Error(`the scheduler answers ${String(response.status)}`);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- the scheduler's own answer, of the same version
  return await response.json();
}

async function refresh() {
  try {
    const data = await ask();
    answeredAt = performance.now();
    show(data);
    header(data);
    trouble(troubleIn(data));
    byId('main').removeAttribute('aria-busy');
  } catch {
    lost();
  }
}

/** @param {DashboardData} data */
function header({ key_prefix, served_by, version, redis, totals }) {
  setText(byId('facts'), key_prefix ?? 'one instance, in memory');
  const link = byId('link');
  setText(link, 'live');
  setAttributes(link, { 'data-mood': 'good' });
  const pill = byId('redis');
  pill.hidden = key_prefix === null;
  setText(pill, redis.reachable ? `Redis ${milliseconds(redis.round_trip_ms)}` : 'Redis away');
  setAttributes(pill, { 'data-mood': redis.reachable ? 'good' : 'bad' });
  setText(byId('footer'), `Shown by ${served_by}, version ${version}. Figures of the last two minutes.`);
  document.title = `${String(totals.instances_serving)}/${String(totals.instances)} · Lingua schedulers`;
}

/**
 * @param {DashboardData} data
 * @returns {string | undefined}
 */
function troubleIn({ redis, fleet_age_ms, served_by }) {
  const since = `What is shown of the other instances is ${duration(fleet_age_ms / 1000)} old.`;
  if (!redis.reachable)
    return `${served_by} does not reach Redis: ${(redis.error ?? 'no answer').replace(/[.\s]+$/, '')}. ${since}`;
  if (fleet_age_ms > oldMs) return `${served_by} could not ask Redis for the fleet. ${since}`;
  return undefined;
}

/** @param {string | undefined} what */
function trouble(what) {
  const banner = byId('banner');
  banner.hidden = what === undefined;
  if (what !== undefined) setText(banner, what);
  setAttributes(banner, { class: 'banner warn' });
  setAttributes(document.body, { 'data-stale': false });
}

function lost() {
  const link = byId('link');
  setText(link, 'no connection');
  setAttributes(link, { 'data-mood': 'bad' });
  const age =
    answeredAt === undefined
      ? 'Nothing has been heard from it yet.'
      : `The figures below are ${duration((performance.now() - answeredAt) / 1000)} old.`;
  const banner = byId('banner');
  banner.hidden = false;
  setText(banner, `This scheduler does not answer. ${age} Trying again every second.`);
  setAttributes(banner, { class: 'banner bad' });
  setAttributes(document.body, { 'data-stale': answeredAt !== undefined });
  document.title = 'no connection · Lingua schedulers';
}

/** One request after the other: a slow answer is not asked for twice. A page nobody sees does not ask. */
async function live() {
  for (;;) {
    if (document.hidden) await visible();
    const began = performance.now();
    await refresh();
    const rest = Math.max(100, everyMs - (performance.now() - began));
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
}

/** @returns {Promise<void>} */
function visible() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
  });
}

void live();
