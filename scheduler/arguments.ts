/**
 * The command line: one table of commands, and what was asked for as a value. What is misspelt is answered with the
 * nearest thing there is.
 */
import { parseArgs } from 'node:util';
import { AppError } from '../common/errors.ts';
import { editDistance } from './config/nearest-key.ts';

const flags = {
  config: {
    type: 'string',
    argument: 'FILE',
    tells: 'configuration; without it ./config.toml, else the built-in defaults',
  },
  json: { type: 'boolean', tells: 'print JSON' },
  instance: { type: 'string', argument: 'ID', tells: 'only this instance, alive or dead' },
  to: {
    type: 'string',
    argument: 'ID',
    tells: 'put them into the inbox of this instance; default: the one they were for',
  },
  all: { type: 'boolean', tells: 'every dead letter of the instance, or of all instances' },
  limit: { type: 'string', argument: 'N', tells: 'at most N of each instance (100; with --all, every one)' },
  yes: { type: 'boolean', tells: 'really do it' },
  help: { type: 'boolean', short: 'h', tells: 'print this' },
  version: { type: 'boolean', tells: 'print the version' },
} as const satisfies Readonly<Record<string, Flag>>;
type FlagName = keyof typeof flags;

interface Flag {
  readonly type: 'string' | 'boolean';
  readonly argument?: string;
  readonly short?: string;
  readonly tells: string;
}

interface Command {
  /** What follows the name. */
  readonly form: string;
  readonly tells: string;
  readonly flags: readonly FlagName[];
  /** Least and most operands. */
  readonly operands: readonly [least: number, most: number];
}

const commands = {
  run: { form: '[--config FILE]', tells: 'run one scheduler instance', flags: ['config'], operands: [0, 0] },
  'check-config': {
    form: 'FILE...',
    tells: 'check configuration files, alone and against each other; touches nothing else',
    flags: ['json'],
    operands: [1, 1000],
  },
  doctor: {
    form: '[--config FILE]',
    tells: 'look at Redis and the fleet in it, and say what to mend',
    flags: ['config', 'json'],
    operands: [0, 0],
  },
  'dlq list': {
    form: '',
    tells: 'list dead letters of all instances, alive or dead',
    flags: ['config', 'instance', 'limit', 'json'],
    operands: [0, 0],
  },
  'dlq show': {
    form: '[ENTRY...]',
    tells: 'show what dead letters hold, without audio',
    flags: ['config', 'instance', 'limit', 'json'],
    operands: [0, 1000],
  },
  'dlq replay': {
    form: 'ENTRY... | --all',
    tells: 'put dead letters back into an inbox',
    flags: ['config', 'instance', 'to', 'all', 'limit', 'json'],
    operands: [0, 1000],
  },
  'dlq drop': {
    form: 'ENTRY... | --all',
    tells: 'remove dead letters for good',
    flags: ['config', 'instance', 'all', 'limit', 'yes', 'json'],
    operands: [0, 1000],
  },
} as const satisfies Readonly<Record<string, Command>>;
export type CommandName = keyof typeof commands;

export interface DlqRequest {
  readonly action: 'list' | 'show' | 'replay' | 'drop';
  readonly instance: string | undefined;
  readonly to: string | undefined;
  readonly entries: readonly string[];
  readonly all: boolean;
  /** At most so many of each instance; undefined: every one. */
  readonly limit: number | undefined;
  readonly yes: boolean;
}

export type Arguments =
  | { readonly kind: 'run'; readonly config: string | undefined }
  | { readonly kind: 'check-config'; readonly files: readonly string[]; readonly json: boolean }
  | { readonly kind: 'doctor'; readonly config: string | undefined; readonly json: boolean }
  | {
      readonly kind: 'dlq';
      readonly config: string | undefined;
      readonly json: boolean;
      readonly request: DlqRequest;
    }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' };

/** @throws AppError `config` for anything that is not in the help */
export function readArguments(args: readonly string[]): Arguments {
  const { name, rest } = commandOf(args);
  if (name === undefined) return { kind: 'help', text: overview };
  const { values, operands } = readFlags(name, rest);
  if (values.help) return { kind: 'help', text: name === 'run' ? overview : helpOf(name) };
  if (values.version) return { kind: 'version' };
  const [least, most] = commands[name].operands;
  if (operands.length < least) throw misuse(name, `needs ${commands[name].form}`);
  if (operands.length > most) throw misuse(name, `does not take ${JSON.stringify(operands[most])}`);
  return requestOf(name, values, operands);
}

function requestOf(name: CommandName, values: Values, operands: readonly string[]): Arguments {
  const { config, json = false } = values;
  switch (name) {
    case 'run':
      return { kind: 'run', config };
    case 'check-config':
      return { kind: 'check-config', files: operands, json };
    case 'doctor':
      return { kind: 'doctor', config, json };
    case 'dlq list':
    case 'dlq show':
    case 'dlq replay':
    case 'dlq drop':
      return { kind: 'dlq', config, json, request: dlqRequest(name, values, operands) };
  }
}

/** The command that the arguments begin with; `run` when they begin with none, and undefined for a bare `help`. */
function commandOf(args: readonly string[]): { name: CommandName | undefined; rest: readonly string[] } {
  const [first, second] = args;
  if (first === undefined || first.startsWith('-')) return { name: 'run', rest: args };
  if (first === 'help') return { name: undefined, rest: [] };
  if (first === 'dlq') return dlqCommandOf(second, args);
  if (isCommand(first) && !first.includes(' ')) return { name: first, rest: args.slice(1) };
  const known = [...new Set([...Object.keys(commands).map((name) => name.split(' ')[0] ?? ''), 'help'])];
  throw usage(`there is no command ${JSON.stringify(first)}${suggestion(first, known)}`);
}

function dlqCommandOf(
  action: string | undefined,
  args: readonly string[],
): { name: CommandName | undefined; rest: readonly string[] } {
  const name = `dlq ${action ?? ''}`;
  if (isCommand(name)) return { name, rest: args.slice(2) };
  if (action === '--help' || action === '-h') return { name: 'dlq list', rest: ['--help'] };
  const actions = dlqCommands.map((command) => command.slice(4));
  if (action === undefined || action.startsWith('-')) throw usage(`dlq needs one of ${actions.join(', ')}`);
  throw usage(`there is no command ${JSON.stringify(name)}${suggestion(action, actions, 'dlq ')}`);
}

type Values = {
  -readonly [Name in FlagName]?: (typeof flags)[Name]['type'] extends 'string' ? string : boolean;
};

function readFlags(name: CommandName, args: readonly string[]): { values: Values; operands: string[] } {
  const allowed: readonly FlagName[] = [...commands[name].flags, 'help', 'version'];
  const { tokens } = parseArgs({
    args: [...args],
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = allowed.find((one) => one === token.name);
    if (!flag) throw misuse(name, `does not know ${token.rawName}${suggestion(token.name, allowed, '--')}`);
    if (flags[flag].type === 'boolean') {
      if (token.value !== undefined) throw misuse(name, `${token.rawName} takes no value`);
      values[flag] = true;
    } else {
      if (!token.value || (!token.inlineValue && token.value.startsWith('-')))
        throw misuse(name, `${token.rawName} needs a value`);
      values[flag] = token.value;
    }
  }
  return { values, operands };
}

function dlqRequest(name: CommandName, values: Values, entries: readonly string[]): DlqRequest {
  const action = name.slice(4) as DlqRequest['action'];
  const { instance, to, all = false, yes = false } = values;
  const limit = limitOf(name, values.limit, all);
  const malformed = entries.find((entry) => !/^\d{1,20}-\d{1,20}$/.test(entry));
  if (malformed !== undefined)
    throw misuse(name, `takes entry ids as dlq list prints them, not ${JSON.stringify(malformed)}`);
  if (action === 'replay' || action === 'drop') {
    if (all === entries.length > 0) throw misuse(name, 'needs either entry ids or --all');
    if (entries.length > 0 && instance === undefined) throw misuse(name, 'needs --instance with entry ids');
  }
  return { action, instance, to, entries, all, limit, yes };
}

function limitOf(name: CommandName, text: string | undefined, all: boolean): number | undefined {
  if (text === undefined) return all ? undefined : 100;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw misuse(name, '--limit must be a number from 1 to 10000');
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);

function suggestion(asked: string, known: readonly string[], prefix = ''): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(asked, name) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near ? `; did you mean ${prefix}${near.name}?` : '';
}

const usage = (what: string): AppError => new AppError('config', `${what}; see --help`);
const misuse = (name: CommandName, what: string): AppError =>
  new AppError('config', `${name} ${what}; see ${name === 'run' ? '' : `${name} `}--help`);

// -------------------------------------------------------------------- help

const dlqCommands = Object.keys(commands).filter((name) => name.startsWith('dlq '));

const column = (name: string, tells: string): string => `  ${name.padEnd(17)} ${tells}`;

const flagLine = (name: FlagName): string => {
  const flag: Flag = flags[name];
  return column(`--${name}${flag.argument === undefined ? '' : ` ${flag.argument}`}`, flag.tells);
};

const exits = `exit codes:
  0    done; every check passed
  1    it failed, or a check did
  78   the command line or the configuration cannot be used
`;

const overview = `usage: scheduler [run] [--config FILE]
       scheduler COMMAND [...]

commands:
${Object.entries(commands)
  .map(([name, { tells }]) => column(name, tells))
  .join('\n')}

${flagLine('config')}
${flagLine('version')}
${column('--help', 'print this; after a command, its own help')}

environment:
  LINGUA_BIND_ADDRESS       listening address of every port, instead of [server] host
  LINGUA_ADMIN_TOKEN_FILE   file with the bearer token of the admin API; without it the API refuses every call
  POD_NAME POD_UID POD_INDEX   who this pod is; instance_id is checked against them
  MODEL_HUB_URL             the service catalogue, instead of [model_hub] base_url
  LOG_LEVEL LOG_FORMAT      trace debug info warn error fatal; json or pretty (pretty on a terminal)

${exits}`;

function helpOf(name: CommandName): string {
  const names = name.startsWith('dlq ') ? dlqCommands.filter(isCommand) : [name];
  const forms = names.map((one) => `scheduler ${one} ${commands[one].form}`.trimEnd());
  const used = [
    ...new Set(names.flatMap((one): readonly FlagName[] => commands[one].flags)),
    'help' as const,
  ];
  return `usage: ${forms.join('\n       ')}

${names.map((one) => column(one, commands[one].tells)).join('\n')}

${used.map(flagLine).join('\n')}

${exits}`;
}
