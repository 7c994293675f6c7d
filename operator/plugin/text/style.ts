/** Colours, where they are wanted. Pure. */

type Paint = (text: string) => string;

export interface Style {
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
  /** One of a few, the same for the same number. */
  readonly nth: (index: number) => Paint;
}

const paint =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${String(on)}m${text}\u001b[${String(off)}m`;

/** Neither red nor yellow, which mean something. */
const neutral = [36, 32, 35, 34, 96, 92, 95, 94] as const;

const colours: Style = {
  good: paint(32, 39),
  warn: paint(33, 39),
  bad: paint(31, 39),
  faint: paint(2, 22),
  strong: paint(1, 22),
  nth: (index) => paint(neutral[index % neutral.length] ?? 36, 39),
};

const plainly: Paint = (text) => text;

const plain: Style = {
  good: plainly,
  warn: plainly,
  bad: plainly,
  faint: plainly,
  strong: plainly,
  nth: () => plainly,
};

export interface Terminal {
  readonly isTerminal: boolean;
  /** Of the environment: `NO_COLOR` turns colours off when it is there and not empty, as does a terminal that says it is dumb. */
  readonly noColor: string | undefined;
  readonly term: string | undefined;
}

export const styleFor = ({ isTerminal, noColor = '', term }: Terminal): Style =>
  isTerminal && noColor === '' && term !== 'dumb' ? colours : plain;
