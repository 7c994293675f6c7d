/** The little Markdown that generated pages need. */

/** Rows are texts; a `|` in one is escaped and line breaks become spaces. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const cell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ')
    .trim();

export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

export const page = (title: string, source: string, ...parts: readonly string[]): string =>
  [`# ${title}`, `<!-- Made by \`make generate\` from ${source}; a change here is lost. -->`, ...parts].join(
    '\n\n',
  );
