/** How long ago something was, in the short form of kubectl: `45s`, `3m20s`, `5h`, `2d3h`. */

const units = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'm', seconds: 60 },
  { name: 's', seconds: 1 },
] as const;

export function age(since: string | null | undefined, nowMs: number): string {
  const then = since ? Date.parse(since) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : duration(Math.floor((nowMs - then) / 1000));
}

/** Two units while the first is small, one when the second no longer matters. */
function duration(seconds: number): string {
  if (seconds < 0) return seconds > -2 ? '0s' : '<invalid>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return twoUnits(seconds, 2);
  if (seconds < 3 * 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 8 * 3_600) return twoUnits(seconds, 1);
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)}h`;
  return seconds < 8 * 86_400 ? twoUnits(seconds, 0) : `${Math.floor(seconds / 86_400)}d`;
}

function twoUnits(seconds: number, first: 0 | 1 | 2): string {
  const [large, small] = [units[first], units[(first + 1) as 1 | 2 | 3]];
  const rest = Math.floor((seconds % large.seconds) / small.seconds);
  return `${Math.floor(seconds / large.seconds)}${large.name}${rest ? `${rest}${small.name}` : ''}`;
}
