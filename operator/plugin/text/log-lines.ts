/** Lines of several logs as one. Pure. */

export interface Line {
  /** Who wrote it. */
  readonly from: string;
  readonly text: string;
}

/** The time that a scheduler writes into its lines; undefined for what it did not write itself, such as a stack. */
const timeOf = (text: string): string | undefined => /"time":"([0-9T:.Z-]+)"/.exec(text)?.[1];

/** In the order of time. A line without one stays behind the line that it follows. */
export function merged(logs: ReadonlyMap<string, readonly string[]>): Line[] {
  const all: (Line & { readonly time: string })[] = [];
  for (const [from, lines] of logs) {
    let time = '';
    for (const text of lines) {
      time = timeOf(text) ?? time;
      all.push({ from, text, time });
    }
  }
  // Sorting is stable, so lines of one log with one time keep their order.
  return all
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ from, text }) => ({ from, text }));
}

/** @param width of the longest name */
export const prefixed = ({ from, text }: Line, width: number, paint: (text: string) => string): string =>
  `${paint(`[${from}]`)}${' '.repeat(Math.max(1, width - from.length + 1))}${text}\n`;
