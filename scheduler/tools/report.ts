/** What a tool has to say, and how it exits. */
export interface ToolReport {
  readonly exitCode: number;
  readonly output: string;
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Rows as columns; the last one is as long as it likes. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Text of somebody else's on a terminal: nothing in it moves the cursor. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
