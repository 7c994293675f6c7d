/** The middle of a few runs and how far they lie apart. */

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @param values not empty */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const [min, max, upper] = [sorted[0], sorted.at(-1), sorted[half]];
  if (min === undefined || max === undefined || upper === undefined) throw new Error('a spread of nothing');
  const median = sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
  return { min, median, max };
}

/** `min – median – max`, or the one figure when there was one run. */
export function show(values: readonly number[], digits = 0): string {
  const { min, median, max } = spreadOf(values);
  const figures = values.length === 1 ? [median] : [min, median, max];
  return figures.map((figure) => grouped(figure, digits)).join(' – ');
}

function grouped(figure: number, digits: number): string {
  return figure.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
