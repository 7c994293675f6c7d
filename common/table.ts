/** Rows of text as columns, for people. Pure. */

/** Colours and other escape sequences take no room on the screen. */
const escapes = /\u001b\[[0-9;]*m/g;

const widthOf = (cell: string): number => cell.replace(escapes, '').length;

/** Rows as columns; the last one is as long as it likes. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  const filled = (cell: string, at: number) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : filled(cell, at))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Text of somebody else's on a terminal: nothing in it moves the cursor. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
