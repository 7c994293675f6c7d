/** Every command and flag, as data: what is read from the command line, what `--help` says, and what the reference page shows. */

export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly argument?: string;
  readonly tells: string;
  /** May be given several times. */
  readonly multiple?: true;
}

/** Handed to kubectl as they are. */
export const connectionFlags = {
  namespace: {
    type: 'string',
    short: 'n',
    argument: 'NAME',
    tells: 'namespace; without it that of the context',
  },
  context: { type: 'string', argument: 'NAME', tells: 'context of the kubeconfig' },
  kubeconfig: {
    type: 'string',
    argument: 'FILE',
    tells: 'kubeconfig; without it KUBECONFIG or ~/.kube/config',
  },
  cluster: { type: 'string', argument: 'NAME', tells: 'cluster of the kubeconfig' },
  user: { type: 'string', argument: 'NAME', tells: 'user of the kubeconfig' },
  as: { type: 'string', argument: 'USER', tells: 'act as this user' },
  'as-group': {
    type: 'string',
    argument: 'GROUP',
    tells: 'act as a member of this group; may be repeated',
    multiple: true,
  },
  'request-timeout': {
    type: 'string',
    argument: 'TIME',
    tells: 'give up on a request after so long, such as 10s',
  },
} as const satisfies Readonly<Record<string, Flag>>;

export const flags = {
  ...connectionFlags,
  'all-namespaces': { type: 'boolean', short: 'A', tells: 'in all namespaces' },
  output: { type: 'string', short: 'o', argument: 'FORMAT', tells: 'json or yaml, for scripts' },
  follow: {
    type: 'boolean',
    short: 'f',
    tells: 'go on with what is written from now on, also by instances that come',
  },
  tail: { type: 'string', argument: 'N', tells: 'the last N lines of each instance (200); -1 for all' },
  since: { type: 'string', argument: 'TIME', tells: 'only what is younger, such as 10m' },
  previous: { type: 'boolean', short: 'p', tells: 'of the run before the last restart' },
  help: { type: 'boolean', short: 'h', tells: 'print this' },
} as const satisfies Readonly<Record<string, Flag>>;
export type FlagName = keyof typeof flags;

export interface Command {
  /** What follows the name. */
  readonly form: string;
  /** In a line. */
  readonly tells: string;
  /** What else is to be known; paragraphs. */
  readonly more?: string;
  readonly flags: readonly FlagName[];
  /** Least and most operands. */
  readonly operands: readonly [least: number, most: number];
  readonly examples: readonly (readonly [line: string, tells: string])[];
}

export const commands = {
  status: {
    form: '[NAME]',
    tells: 'how a fleet stands, on one screen',
    more: 'Without NAME: the only SchedulerCluster of the namespace, or a table of all when there are several.',
    flags: ['all-namespaces', 'output'],
    operands: [0, 1],
    examples: [
      ['status', 'the fleet of this namespace'],
      ['status demo -n speech', 'one of several, in another namespace'],
      ['status -A', 'a line for each fleet anywhere'],
    ],
  },
  instances: {
    form: '[NAME]',
    tells: 'the instances of a fleet, what they hold and what they are about to do',
    flags: ['output'],
    operands: [0, 1],
    examples: [
      ['instances', 'a line for each instance'],
      ['instances demo -o json', 'the same for a script'],
    ],
  },
  pause: {
    form: '[NAME]',
    tells: 'hold an update where it is; healing and scaling go on',
    flags: [],
    operands: [0, 1],
    examples: [['pause demo', 'nothing is updated until `resume`']],
  },
  resume: {
    form: '[NAME]',
    tells: 'let updates go on',
    flags: [],
    operands: [0, 1],
    examples: [['resume demo', 'take back `pause`']],
  },
  promote: {
    form: '[NAME]',
    tells: 'give a change to all instances now, without waiting for its canary',
    more: 'It is for the change that is under way; a later one has a canary again.',
    flags: [],
    operands: [0, 1],
    examples: [['promote demo', 'go on, also when the canary failed']],
  },
  logs: {
    form: '[NAME] [ID]',
    tells: 'the logs of all instances as one, or of one',
    more: 'ID is an instance such as demo-1, or its number alone. Lines are in the order of their time.',
    flags: ['follow', 'tail', 'since', 'previous'],
    operands: [0, 2],
    examples: [
      ['logs', 'the last lines of all instances'],
      ['logs demo-1 --since 10m', 'what one instance said lately'],
      ['logs -f --tail 0', 'what is written from now on'],
    ],
  },
} as const satisfies Readonly<Record<string, Command>>;
export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];
