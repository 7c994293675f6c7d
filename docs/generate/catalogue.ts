/**
 * Translations of the texts on the reference pages. Each carries a mark of the English text that it was made from, so that
 * a text that changed is noticed.
 */
import { createHash } from 'node:crypto';
import type { Tongue } from './tongue.ts';

export interface Translation {
  /** Mark of the English text. */
  readonly of: string;
  readonly is: string;
}

/** By `FILE/KEY`. */
export type Translations = ReadonlyMap<string, Translation>;

export interface Finding {
  readonly key: string;
  readonly what: 'untranslated' | 'changed' | 'names something else' | 'without source';
  /** What the translation has to say, and the mark it then carries. */
  readonly english: string;
  readonly mark: string;
}

export const markOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

function fault(english: string, translation: Translation | undefined): Finding['what'] | undefined {
  if (!translation) return 'untranslated';
  if (translation.of !== markOf(english)) return 'changed';
  return keepsNames(english, translation.is) ? undefined : 'names something else';
}

/** What stands in code quotes is the same in all languages, and no number gets lost. */
function keepsNames(english: string, translated: string): boolean {
  const names = (text: string) => (text.match(/`[^`]+`|\{\w+\}/g) ?? []).sort().join();
  const numbers = (text: string): string[] => text.match(/\d+/g) ?? [];
  return (
    names(english) === names(translated) &&
    numbers(english).every((number) => numbers(translated).includes(number))
  );
}

/** A language that is read from its translations; a text without a good one stays English and is a finding. */
export class Catalogue implements Tongue {
  readonly space = '';
  readonly explainsHelp = true;
  readonly #translations: Translations;
  readonly #asked = new Map<string, string>();

  constructor(translations: Translations) {
    this.#translations = translations;
  }

  tell(key: string, english: string): string {
    const before = this.#asked.get(key) ?? english;
    if (before !== english)
      throw new Error(`${key} stands for ${JSON.stringify(before)} and for ${JSON.stringify(english)}`);
    this.#asked.set(key, english);
    const found = this.#translations.get(key);
    return found?.of === markOf(english) ? found.is : english;
  }

  /** Once everything has been told. */
  findings(): Finding[] {
    const wrong = [...this.#asked].flatMap(([key, english]): Finding[] => {
      const what = fault(english, this.#translations.get(key));
      return what === undefined ? [] : [{ key, what, english, mark: markOf(english) }];
    });
    const orphans = [...this.#translations]
      .filter(([key]) => !this.#asked.has(key))
      .map(([key]): Finding => ({ key, what: 'without source', english: '', mark: '' }));
    return [...wrong, ...orphans];
  }
}
