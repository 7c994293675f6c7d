/** Numbers and times as people read them. */

export const unknown = '–';

/** @param {number | null} value */
export function count(value) {
  if (value === null) return unknown;
  if (Math.abs(value) < 10_000) return String(Math.round(value));
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** @param {number | null} value */
export function rate(value) {
  if (value === null) return unknown;
  if (value >= 100) return count(value);
  return value === 0 ? '0' : value.toFixed(value < 10 ? 1 : 0);
}

/** @param {number | null} ms */
export function milliseconds(ms) {
  if (ms === null) return unknown;
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return unknown;
  if (seconds < 60) return `${String(Math.max(0, Math.floor(seconds)))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)} h ${String(minutes % 60)} min`;
  return `${String(Math.floor(hours / 24))} d ${String(hours % 24)} h`;
}

/** @param {number} ms */
export function ago(ms) {
  return ms < 1500 ? 'just now' : `${duration(ms / 1000)} ago`;
}

/**
 * @param {number} many
 * @param {string} one
 * @param {string} [several]
 */
export function things(many, one, several = `${one}s`) {
  return `${count(many)} ${many === 1 ? one : several}`;
}
