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
  tail: {
    type: 'string',
    argument: 'N',
    tells: 'the last N lines of each log (200; in a report 5000); -1 for all',
  },
  since: { type: 'string', argument: 'TIME', tells: 'only what is younger, such as 10m' },
  previous: { type: 'boolean', short: 'p', tells: 'of the run before the last restart' },
  force: {
    type: 'boolean',
    tells: 'also when the disruption budget, or nobody else being ready, speaks against it',
  },
  'no-wait': { type: 'boolean', tells: 'do not wait until it is back' },
  timeout: {
    type: 'string',
    argument: 'SECONDS',
    tells: 'how long to wait; without it as long as a drain may take, and two minutes',
  },
  instance: { type: 'string', argument: 'ID', tells: 'only dead letters of this instance, alive or dead' },
  to: {
    type: 'string',
    argument: 'ID',
    tells: 'into the inbox of this instance; without it the one they were for',
  },
  all: { type: 'boolean', tells: 'every dead letter of the instance, or of all instances' },
  limit: { type: 'string', argument: 'N', tells: 'at most N of each instance (100; with --all, every one)' },
  yes: { type: 'boolean', tells: 'really remove them' },
  file: {
    type: 'string',
    argument: 'PATH',
    tells:
      'where to: a file that ends in .tar.gz, or a directory; without it an archive here, named by fleet and time',
  },
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
  drain: {
    form: '[NAME] ID',
    tells: 'let one instance leave in order and come back anew',
    more: 'Its sessions and nodes move to the others, running jobs end or are handed over, and its StatefulSet makes it anew under the same name. There is no way back once it has begun. ID is an instance such as demo-1, or its number alone.',
    flags: ['force', 'no-wait', 'timeout'],
    operands: [1, 2],
    examples: [
      ['drain demo-1', 'and wait until it is back'],
      ['drain demo 1 --no-wait', 'only begin'],
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
  dlq: {
    form: '[NAME] list|show|replay|drop [ENTRY...]',
    tells: 'dead letters: what could not be delivered, and what becomes of it',
    more: 'It runs the tool of the scheduler in one of the pods, which sees the dead letters of all instances. `replay` is safe: the record of each job decides what still happens. `drop` removes for good, with --yes.',
    flags: ['instance', 'to', 'all', 'limit', 'yes', 'output'],
    operands: [1, 1000],
    examples: [
      ['dlq list', 'how many there are, and of whom'],
      ['dlq demo show --limit 1', 'what they hold, without audio'],
      ['dlq replay --all', 'back into the inboxes they were for'],
      ['dlq drop --all --instance demo-1 --yes', 'away with those of one instance'],
    ],
  },
  doctor: {
    form: '[NAME]',
    tells: 'one line for each thing that can be wrong, with a remedy',
    more: 'Conditions, instances, and what the doctor of the scheduler finds in Redis from inside one of the pods. It changes nothing, and ends with 1 when a check failed.',
    flags: ['output'],
    operands: [0, 1],
    examples: [
      ['doctor', 'look at everything'],
      ['doctor demo -o json', 'for a script'],
    ],
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
  report: {
    form: '[NAME]',
    tells: 'everything somebody else needs to understand what happened, without secrets',
    more: 'The object, what belongs to it, events, pods, logs, metrics and the doctor. No Secret is read; passwords, tokens and keys are taken out of text, as are values of variables and annotations that are not known to be harmless. What you may not read is left out and named.',
    flags: ['file', 'tail'],
    operands: [0, 1],
    examples: [
      ['report', 'one archive to attach to an issue'],
      ['report demo --file ./demo-report', 'a directory, to look through it first'],
    ],
  },
} as const satisfies Readonly<Record<string, Command>>;
export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];
