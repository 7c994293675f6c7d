/** YAML or JSON as kubectl reads it: `on` and `no` are no words, `017` and `0o17` are fifteen, times stay text, no key stands twice. */
import { parseAllDocuments, type Document, type ScalarTag, type Tags } from 'yaml';
import type { Json } from '../schema/json.ts';

export type Parsed = { readonly value: Json } | { readonly fault: string };

/** What kubectl leaves as it is written. */
const leftAsText: ReadonlySet<string | undefined> = new Set(['tag:yaml.org,2002:timestamp', 'TIME']);

const octal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0o[0-7]+$/,
  resolve: (text) => Number(text.replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1),
};

const customTags = (tags: Tags): Tags => [
  octal,
  ...tags.filter(
    (tag) => typeof tag === 'string' || !(leftAsText.has(tag.tag) || leftAsText.has(formatOf(tag))),
  ),
];

const formatOf = (tag: object): string | undefined => ('format' in tag ? String(tag.format) : undefined);

/** Every document that is not empty, with its number in the file from 1 on. */
export function parseDocuments(text: string): { readonly number: number; readonly parsed: Parsed }[] {
  const documents = parseAllDocuments(text, { version: '1.1', customTags, logLevel: 'silent' });
  return [...documents]
    .map((document, index) => ({ number: index + 1, parsed: parsedOf(document) }))
    .filter(({ parsed }) => !('value' in parsed && parsed.value === null));
}

function parsedOf(document: Document): Parsed {
  const [error] = document.errors;
  const fault = error?.message.split('\n')[0]?.replace(/:$/, '');
  if (fault !== undefined) return { fault };
  try {
    return { value: document.toJS() as Json };
  } catch (caught) {
    return { fault: (caught as Error).message };
  }
}
