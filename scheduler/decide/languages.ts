/**
 * Which languages a node can translate, and which a job wants. A node that says nothing of languages can do all; what it
 * says of one step only (recognition, translation, speech) limits that step.
 */
import type { NodeView } from '../store/store.ts';

export type NodeLanguages = NonNullable<NodeView['languages']>;

/** One direction of translation; undefined stands for any language. */
export interface LanguagePair {
  readonly source: string | undefined;
  readonly target: string | undefined;
}

/** What a node's capabilities say, whatever message they came in; undefined: not said. */
export interface SpokenLanguages {
  readonly recognises: readonly string[] | undefined;
  readonly speaks: readonly string[] | undefined;
  readonly translates: readonly LanguagePair[] | undefined;
}

const any = '*';

/** `zh-CN` is served by a node that says `zh`; dialects are a field of their own. */
function primary(language: string): string | undefined {
  const end = language.search(/[-_]/);
  const code = (end < 0 ? language : language.slice(0, end)).toLowerCase();
  return code === '' || code === 'auto' || code === any ? undefined : code;
}

/** Undefined when the node limits nothing. */
export function languagesOf({ recognises, speaks, translates }: SpokenLanguages): NodeLanguages | undefined {
  if (!recognises && !speaks && !translates) return undefined;
  return {
    source: codes(recognises ?? [any]),
    target: codes(speaks ?? [any]),
    ...(translates
      ? { pairs: [...new Set(translates.map(({ source, target }) => pairOf(source, target)))] }
      : {}),
  };
}

/** Both directions for a conversation whose source the node finds out; otherwise the one that is asked for. */
export function wantedPairs(job: {
  readonly src_lang: string;
  readonly tgt_lang: string;
  readonly mode?: string | undefined;
  readonly lang_a?: string | undefined;
  readonly lang_b?: string | undefined;
}): LanguagePair[] {
  const source = primary(job.src_lang);
  const target = primary(job.tgt_lang);
  if (job.mode !== 'two_way_auto' || source !== undefined || !job.lang_a || !job.lang_b)
    return [{ source, target }];
  const a = primary(job.lang_a);
  const b = primary(job.lang_b);
  return [
    { source: a, target: b },
    { source: b, target: a },
  ];
}

export const canTranslate = (node: NodeLanguages | undefined, wanted: readonly LanguagePair[]): boolean =>
  node === undefined || wanted.every((pair) => canDo(node, pair));

function canDo(node: NodeLanguages, { source, target }: LanguagePair): boolean {
  if (!holds(node.source, source) || !holds(node.target, target)) return false;
  return !node.pairs || translates(node.pairs, source, target);
}

/**
 * A model of a hundred languages has ten thousand directions, and every choice of a node asks this: so texts are compared
 * whole, and none is taken apart.
 */
function translates(
  pairs: readonly string[],
  source: string | undefined,
  target: string | undefined,
): boolean {
  if (source !== undefined && target !== undefined) {
    const covering = [`${source}>${target}`, `${any}>${target}`, `${source}>${any}`, `${any}>${any}`];
    return covering.some((pair) => pairs.includes(pair));
  }
  const isFrom = (pair: string) =>
    source === undefined || pair.startsWith(`${source}>`) || pair.startsWith(`${any}>`);
  const isTo = (pair: string) =>
    target === undefined || pair.endsWith(`>${target}`) || pair.endsWith(`>${any}`);
  return pairs.some((pair) => isFrom(pair) && isTo(pair));
}

const holds = (languages: readonly string[], wanted: string | undefined): boolean =>
  wanted === undefined || languages.includes(wanted) || languages.includes(any);

const codes = (languages: readonly string[]): string[] => [
  ...new Set(languages.map((language) => primary(language) ?? any)),
];

const pairOf = (source: string | undefined, target: string | undefined): string =>
  `${primary(source ?? any) ?? any}>${primary(target ?? any) ?? any}`;
