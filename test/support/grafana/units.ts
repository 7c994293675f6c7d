/** Figures in the units of our panels, in the way that Grafana writes them. */

/** @param decimals as many as help when undefined */
export function figure(value: number, unit: string, decimals?: number): string {
  switch (unit) {
    case 's':
      return seconds(value);
    case 'percentunit':
      return `${digits(value * 100, decimals)}%`;
    case 'ops':
      return `${scaled(value, 1000, ['', ' K', ' M'], decimals)} ops/s`;
    case 'bytes':
      return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB'], decimals);
    default:
      return scaled(value, 1000, ['', ' K', ' M', ' B'], decimals);
  }
}

function seconds(value: number): string {
  if (value === 0) return '0 s';
  if (value < 0.001) return `${digits(value * 1e6)} µs`;
  if (value < 1) return `${digits(value * 1000)} ms`;
  if (value < 60) return `${digits(value)} s`;
  return `${digits(value / 60)} min`;
}

function scaled(value: number, by: number, names: readonly string[], decimals?: number): string {
  let left = value;
  let step = 0;
  while (Math.abs(left) >= by && step < names.length - 1) {
    left /= by;
    step += 1;
  }
  return `${digits(left, step === 0 ? decimals : undefined)}${names[step] ?? ''}`;
}

/** Three that count. */
const digits = (value: number, decimals?: number): string =>
  decimals === undefined ? String(Number(value.toPrecision(3))) : value.toFixed(decimals);
