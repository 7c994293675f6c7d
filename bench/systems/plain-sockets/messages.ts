/** The one question and the one answer of the systems that bring no wire format of their own. */

export interface AskMessage {
  /** `<client>/<count>`: unique, and it names who wants the answer. */
  readonly id: string;
  readonly text: string;
}

export interface AnswerMessage {
  readonly id: string;
  readonly text: string;
}

export const clientOf = (id: string): string => id.slice(0, id.indexOf('/'));
