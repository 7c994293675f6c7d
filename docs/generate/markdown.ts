/** The little Markdown that generated pages need. */
import { filled, type Tongue } from './tongue.ts';

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

/** The heads of a table. */
export const headsOf = (tongue: Tongue, heads: readonly string[]): string[] =>
  heads.map((head) => tongue.tell(`words/head ${head}`, head));

export const page = (tongue: Tongue, title: string, source: string, ...parts: readonly string[]): string => {
  const warning = tongue.tell('words/made', 'Made by `make generate` from {source}; a change here is lost.');
  return [`# ${title}`, `<!-- ${filled(warning, { source })} -->`, ...parts].join('\n\n');
};
