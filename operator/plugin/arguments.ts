/** The command line, as a value. */
import { parseArgs } from 'node:util';
import { AppError } from '../../common/errors.ts';
import {
  commandNames,
  commands,
  connectionFlags,
  flags,
  type Command,
  type CommandName,
  type Flag,
  type FlagName,
} from './commands.ts';
import { helpOf, overview } from './help.ts';

export const formats = ['json', 'yaml'] as const;
export type Format = (typeof formats)[number];

export interface Asked {
  readonly kind: 'command';
  readonly command: CommandName;
  readonly operands: readonly string[];
  readonly values: Values;
  /** For people when absent. */
  readonly format: Format | undefined;
  /** Flags for kubectl. */
  readonly connection: readonly string[];
}

export type Arguments =
  Asked | { readonly kind: 'help'; readonly text: string } | { readonly kind: 'version' };

export type Values = {
  -readonly [Name in FlagName]?: (typeof flags)[Name] extends { multiple: true }
    ? string[]
    : (typeof flags)[Name]['type'] extends 'string'
      ? string
      : boolean;
};

/** @throws AppError `config` for anything that is not in the help */
export function readArguments(args: readonly string[]): Arguments {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', text: overview };
  if (first === '--version' || first === 'version') return { kind: 'version' };
  if (first === 'help')
    return { kind: 'help', text: rest[0] === undefined ? overview : helpOf(commandOf(rest[0])) };
  const command = commandOf(first);
  const { values, operands } = readFlags(command, rest);
  if (values.help) return { kind: 'help', text: helpOf(command) };
  checkOperands(command, operands);
  checkNumbers(command, values);
  return {
    kind: 'command',
    command,
    operands,
    values,
    format: formatOf(command, values),
    connection: connectionOf(values),
  };
}

function commandOf(word: string): CommandName {
  const found = commandNames.find((name) => name === word);
  if (found) return found;
  const what = word.startsWith('-') ? `${word} must follow a command` : `there is no command ${word}`;
  throw new AppError('config', `${what}\nThere are: ${commandNames.join(', ')}; see --help.`);
}

function readFlags(command: CommandName, args: readonly string[]): { values: Values; operands: string[] } {
  const allowed = allowedFlags(command);
  const options = Object.fromEntries(
    Object.entries<Flag>(flags).map(([name, { type, short }]) => [
      name,
      { type, ...(short ? { short } : {}) },
    ]),
  );
  const { tokens } = parseArgs({
    args: signed(args),
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean | string[]> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const name = allowed.find((one) => one === token.name);
    if (!name) throw misuse(command, `does not know ${token.rawName}`);
    values[name] = valueOf(command, name, token, values[name]);
  }
  return { values, operands };
}

/** A number below zero is a value and no flag: `--tail -1`. */
const signed = (args: readonly string[]): string[] =>
  args.flatMap((arg, at) => {
    if (arg === '--tail' && /^-\d+$/.test(args[at + 1] ?? '')) return [`--tail=${args[at + 1] ?? ''}`];
    return args[at - 1] === '--tail' && /^-\d+$/.test(arg) ? [] : [arg];
  });

interface Token {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(
  command: CommandName,
  name: FlagName,
  { rawName, value, inlineValue }: Token,
  before: string | boolean | string[] | undefined,
): string | boolean | string[] {
  const flag: Flag = flags[name];
  if (flag.type === 'boolean') {
    if (value !== undefined) throw misuse(command, `${rawName} takes no value`);
    return true;
  }
  if (!value || (!inlineValue && value.startsWith('-'))) throw misuse(command, `${rawName} needs a value`);
  return flag.multiple ? [...(Array.isArray(before) ? before : []), value] : value;
}

const allowedFlags = (command: CommandName): readonly FlagName[] => [
  ...commands[command].flags,
  ...(Object.keys(connectionFlags) as (keyof typeof connectionFlags)[]),
  'help',
];

function checkOperands(command: CommandName, operands: readonly string[]): void {
  const { operands: bounds, form }: Command = commands[command];
  if (operands.length < bounds[0]) throw misuse(command, `needs ${form}`);
  if (operands.length > bounds[1]) throw misuse(command, `does not take ${operands[bounds[1]] ?? ''}`);
}

const numbers = { tail: [-1, 1_000_000], timeout: [0, 86_400], limit: [1, 10_000] } as const;

function checkNumbers(command: CommandName, values: Values): void {
  for (const [name, [least, most]] of Object.entries(numbers) as [
    keyof typeof numbers,
    readonly [number, number],
  ][]) {
    const text = values[name];
    if (text === undefined) continue;
    const number = Number(text);
    if (!/^-?\d+$/.test(text) || number < least || number > most)
      throw misuse(command, `--${name} must be a whole number from ${least} to ${most}, not ${text}`);
  }
}

function formatOf(command: CommandName, { output }: Values): Format | undefined {
  if (output === undefined) return undefined;
  const found = formats.find((format) => format === output);
  if (found) return found;
  throw misuse(command, `-o must be one of ${formats.join(', ')}, not ${output}`);
}

function connectionOf(values: Values): string[] {
  return (Object.keys(connectionFlags) as (keyof typeof connectionFlags)[]).flatMap((name) => {
    const value = values[name];
    const all = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return all.map((one) => `--${name}=${one}`);
  });
}

export const misuse = (command: CommandName, what: string): AppError =>
  new AppError('config', `${command} ${what}\nSee kubectl lingua ${command} --help.`);
