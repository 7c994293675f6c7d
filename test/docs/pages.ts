/** The Markdown of this repository, as the tests of the documentation read it. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../support/images.ts';

export interface Fence {
  readonly language: string;
  /** What follows the language; see commands.test.ts. */
  readonly attributes: string;
  readonly text: string;
  readonly line: number;
}

export interface Page {
  /** From the root of the repository. */
  readonly file: string;
  readonly text: string;
  /** Without what stands in fences. */
  readonly prose: string;
  readonly fences: readonly Fence[];
}

const ignored = /^(node_modules|dist|coverage)\//;

export const pages: readonly Page[] = globSync('**/*.md', { cwd: root })
  .filter((file) => !ignored.test(file))
  .sort()
  .map((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return { file, text, ...split(text) };
  });

export const pageOf = (file: string): Page => {
  const page = pages.find((one) => one.file === file);
  if (!page) throw new Error(`there is no ${file}`);
  return page;
};

function split(text: string): { prose: string; fences: Fence[] } {
  const prose: string[] = [];
  const fences: Fence[] = [];
  let open:
    { indent: string; language: string; attributes: string; lines: string[]; line: number } | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const mark = /^(\s*)```\s*(\S*)\s*(.*)$/.exec(line);
    if (open && mark?.[2] === '') {
      const { language, attributes, lines } = open;
      fences.push({ language, attributes, text: lines.join('\n'), line: open.line });
      open = undefined;
    } else if (open) open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    else if (mark) {
      const [, indent = '', language = '', attributes = ''] = mark;
      open = { indent, language, attributes: attributes.trim(), lines: [], line: at + 1 };
    } else prose.push(line);
  }
  return { prose: prose.join('\n'), fences };
}

/** The anchors that a page's headings give, as the usual hosts make them. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, heading = '']) => {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${String(times)}`;
  });
  const named = [...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return new Set([...anchors, ...named]);
}
