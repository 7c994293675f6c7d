/** What a program prints for `--help`, taken apart: sentences, and lists of what can be typed with what it does. */

export interface Item {
  /** `--config FILE`, `dlq list`, an exit code, an example. */
  readonly term: string;
  readonly text: string;
}

export type Block =
  | { readonly kind: 'prose'; readonly text: string }
  | { readonly kind: 'list'; readonly heading: string; readonly items: readonly Item[] };

/** Blocks stand between empty lines. How a program is called is no prose: it is the same in all languages. */
export const blocksOf = (help: string): Block[] =>
  help
    .trim()
    .split(/\n\s*\n/)
    .flatMap((block) => blocksIn(block.split('\n')));

function blocksIn(lines: readonly string[]): Block[] {
  const items: { term: string; text: string }[] = [];
  const prose: string[] = [];
  for (const line of lines) {
    const [, term, text] = /^\s{2,}(\S.*?)\s{2,}(\S.*)$/.exec(line) ?? [];
    const last = items.at(-1);
    if (term !== undefined && text !== undefined) items.push({ term, text });
    else if (/^\s{10,}\S/.test(line) && last) last.text += ` ${line.trim()}`;
    else if (/^\S/.test(line) && !/^usage:/i.test(line)) prose.push(line);
  }
  const text = prose.join(' ');
  if (items.length > 0) return [{ kind: 'list', heading: text.replace(/:$/, ''), items }];
  return text === '' ? [] : [{ kind: 'prose', text }];
}
