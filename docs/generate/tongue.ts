/** A language of the reference pages. What is not words (structure, types, defaults, bounds) is the same in all of them. */

export interface Tongue {
  /** What stands for an English text. The key says which text it is, and stays when the text changes: `FILE/KEY`. */
  tell(key: string, english: string): string;
  /** Between two sentences. */
  readonly space: string;
  /** Where programs print English only, their help is explained below it. */
  readonly explainsHelp: boolean;
}

export const english: Tongue = { tell: (_, text) => text, space: ' ', explainsHelp: false };

/** Fills the `{name}`s of a text. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
