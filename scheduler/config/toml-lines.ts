/**
 * Where in a TOML text a key stands. The parser does not say, and a person who has to mend a file wants the line. This
 * reads only headers and `key =` at the start of a line; a key inside an inline table is found by its nearest parent.
 */

const header = /^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}/;
const assignment =
  /^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=/;

/** Line numbers, from 1, by dotted key path. */
export type LineIndex = ReadonlyMap<string, number>;

export function indexLines(text: string): LineIndex {
  const lines = new Map<string, number>();
  let table = '';
  let quotes: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (quotes) {
      if (line.includes(quotes)) quotes = undefined;
      continue;
    }
    const headed = header.exec(line)?.[1];
    const assigned = assignment.exec(line)?.[1];
    if (assigned !== undefined) remember(lines, join(table, normalise(assigned)), index + 1);
    else if (headed !== undefined) remember(lines, (table = normalise(headed)), index + 1);
    quotes = openedBlock(line);
  }
  return lines;
}

/** The line of `path`, or of the nearest parent that has one. */
export function lineOf(lines: LineIndex, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(path.slice(0, length).map(String).join('.'));
    if (line !== undefined) return line;
  }
  return undefined;
}

function remember(lines: Map<string, number>, path: string, line: number): void {
  if (!lines.has(path)) lines.set(path, line);
}

const join = (table: string, key: string): string => (table === '' ? key : `${table}.${key}`);

const normalise = (path: string): string =>
  path
    .split('.')
    .map((part) => part.trim().replace(/^["']|["']$/g, ''))
    .join('.');

/** The delimiter of a multi-line string that begins on this line and does not end on it. */
function openedBlock(line: string): string | undefined {
  for (const delimiter of ['"""', "'''"]) {
    if (line.split(delimiter).length % 2 === 0) return delimiter;
  }
  return undefined;
}
