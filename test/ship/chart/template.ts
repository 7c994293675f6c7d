/**
 * As much of Helm's template language as the chart is written in: `if`, `with`, `range`, `define`, pipelines, and the functions
 * below. Stricter than Helm: a value that is not there, an unknown function or a stray `end` is an error and not nothing.
 */
import { stringify } from 'yaml';

type Expression =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'path'; readonly names: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] };

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly of: Expression }
  | {
      readonly kind: 'if' | 'with' | 'range' | 'define';
      readonly of: Expression;
      readonly body: readonly Part[];
      readonly otherwise: readonly Part[];
    };

/** Templates by name; their text is rendered with what `.` is. */
export type Templates = ReadonlyMap<string, readonly Part[]>;

/** What the files define for `include`. */
export function definitionsIn(files: readonly string[]): Templates {
  return new Map(
    files
      .flatMap((file) => partsOf(file))
      .flatMap((part) =>
        part.kind === 'define' && part.of.kind === 'literal' ? [[String(part.of.value), part.body]] : [],
      ),
  );
}

export const render = (file: string, dot: unknown, templates: Templates): string =>
  printed(partsOf(file), dot, templates);

function printed(parts: readonly Part[], dot: unknown, templates: Templates): string {
  const one = (part: Part): string => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'define') return '';
    const value = evaluate(part.of, dot, templates);
    if (part.kind === 'print') return toText(value, part.of);
    if (isEmpty(value)) return printed(part.otherwise, dot, templates);
    if (part.kind === 'if') return printed(part.body, dot, templates);
    if (part.kind === 'with') return printed(part.body, value, templates);
    return (value as unknown[]).map((item) => printed(part.body, item, templates)).join('');
  };
  return parts.map(one).join('');
}

function toText(value: unknown, of: Expression): string {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value);
  throw new Error(`${JSON.stringify(of)} is nothing that can be printed`);
}

/** What `if` takes for false. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  value === 0 ||
  (typeof value === 'object' && Object.keys(value).length === 0);

function evaluate(expression: Expression, dot: unknown, templates: Templates): unknown {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'path')
    return expression.names.reduce<unknown>((value, name) => {
      const child = (value as Record<string, unknown> | undefined)?.[name];
      if (child === undefined) throw new Error(`no .${expression.names.join('.')}`);
      return child;
    }, dot);
  const given = expression.arguments.map((argument) => evaluate(argument, dot, templates));
  if (expression.name === 'include') {
    const parts = templates.get(String(given[0]));
    if (!parts) throw new Error(`no template ${String(given[0])}`);
    return printed(parts, given[1], templates);
  }
  const call = functions[expression.name];
  if (!call) throw new Error(`no function ${expression.name}`);
  return call(...given);
}

const functions: Readonly<Record<string, (...given: unknown[]) => unknown>> = {
  eq: (a, b) => a === b,
  and: (...given) => given.find(isEmpty) ?? given.at(-1),
  or: (...given) => given.find((one) => !isEmpty(one)) ?? given.at(-1),
  default: (instead, value) => (isEmpty(value) ? instead : value),
  toYaml: (value) => stringify(value).trimEnd(),
  nindent: (by, text) => `\n${String(text).replaceAll(/^/gm, ' '.repeat(Number(by)))}`,
};

const actions = /\{\{(-\s)?\s*(\/\*[\s\S]*?\*\/|[\s\S]*?)\s*(\s-)?\}\}/g;

/** Text and actions in turn; a dash takes the blanks beside it away. */
function partsOf(file: string): Part[] {
  const tokens: ({ text: string } | { action: string })[] = [];
  let at = 0;
  let trims = false;
  const add = (text: string, trimsEnd: boolean) => {
    const start = trims ? text.trimStart() : text;
    tokens.push({ text: trimsEnd ? start.trimEnd() : start });
  };
  for (const match of file.matchAll(actions)) {
    add(file.slice(at, match.index), match[1] !== undefined);
    trims = match[3] !== undefined;
    at = match.index + match[0].length;
    if (!match[2]?.startsWith('/*')) tokens.push({ action: match[2] ?? '' });
  }
  add(file.slice(at), false);
  const { parts, end } = block(tokens.values());
  if (end !== undefined) throw new Error(`{{ ${end} }} ends nothing`);
  return parts;
}

type Tokens = IterableIterator<{ text: string } | { action: string }>;

/** Up to the `else` or `end` that belongs to whoever called. */
function block(tokens: Tokens): { parts: Part[]; end?: string } {
  const parts: Part[] = [];
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    const token = next.value;
    if ('text' in token) parts.push({ kind: 'text', text: token.text });
    else if (token.action === 'end' || token.action === 'else') return { parts, end: token.action };
    else parts.push(actionOf(token.action, tokens));
  }
  return { parts };
}

/** Something to print, or all up to the `end` of what begins here. */
function actionOf(action: string, tokens: Tokens): Part {
  const [, kind, of = ''] = /^(if|with|range|define)\s+([\s\S]+)$/.exec(action) ?? [];
  if (kind === undefined) return { kind: 'print', of: expressionOf(action) };
  const body = block(tokens);
  const otherwise = body.end === 'else' ? block(tokens) : { parts: [], end: body.end };
  if (otherwise.end !== 'end') throw new Error(`{{ ${action} }} has no end`);
  return { kind: kind as 'if', of: expressionOf(of), body: body.parts, otherwise: otherwise.parts };
}

/** A pipeline: each command is the last argument of the next. */
function expressionOf(text: string): Expression {
  const words = text.match(/"[^"]*"|[()|]|[^\s()|]+/g) ?? [];
  let at = 0;
  const operand = (): Expression => {
    const word = words[at++] ?? '';
    if (word === '(') {
      const inner = pipeline();
      if (words[at++] !== ')') throw new Error(`no ) in ${text}`);
      return inner;
    }
    if (word.startsWith('"')) return { kind: 'literal', value: word.slice(1, -1) };
    if (/^\d+$/.test(word)) return { kind: 'literal', value: Number(word) };
    if (word.startsWith('.')) return { kind: 'path', names: word.split('.').filter(Boolean) };
    throw new Error(`cannot read ${word || 'the end'} in ${text}`);
  };
  const operands = (): Expression[] => {
    const found: Expression[] = [];
    while (at < words.length && words[at] !== '|' && words[at] !== ')') found.push(operand());
    return found;
  };
  const command = (last: readonly Expression[]): Expression => {
    const word = words[at] ?? '';
    if (!/^[a-zA-Z]\w*$/.test(word)) return operand();
    at += 1;
    return { kind: 'call', name: word, arguments: [...operands(), ...last] };
  };
  function pipeline(): Expression {
    let whole = command([]);
    while (words[at] === '|') {
      at += 1;
      whole = command([whole]);
    }
    return whole;
  }
  const whole = pipeline();
  if (at < words.length) throw new Error(`${words.slice(at).join(' ')} is too much in ${text}`);
  return whole;
}
