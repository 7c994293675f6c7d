/** What `--help` says. Pure. */
import {
  commandNames,
  commands,
  connectionFlags,
  flags,
  type Command,
  type CommandName,
  type Flag,
} from './commands.ts';
import { wrapped } from './text/layout.ts';

const program = 'kubectl lingua';
const width = 100;

const column = (name: string, tells: string, wide: number): string =>
  `  ${name.padEnd(wide)}  ${wrapped(tells, width - wide - 4, ' '.repeat(wide + 4))}`;

function flagLines(names: readonly string[]): string {
  const all: Readonly<Record<string, Flag>> = flags;
  return names
    .map((name) => {
      const { short, argument, tells } = all[name] ?? { tells: '' };
      const long = `--${name}${argument === undefined ? '' : ` ${argument}`}`;
      return column(`${short === undefined ? '    ' : `-${short}, `}${long}`, tells, 28);
    })
    .join('\n');
}

const exits = `Exit codes:
  0   done; every check passed
  1   it failed, or a check did
  78  the command line cannot be used, or there is nothing to talk to
`;

export const overview = `Usage: ${program} COMMAND [NAME] [flags]

Looks after fleets of schedulers: what kubectl shows of a SchedulerCluster and its pods, put together, and what people do to
them. It talks through kubectl, as you, with your rights and nothing else.

Commands:
${commandNames.map((name) => column(`${name} ${commands[name].form}`.trimEnd(), commands[name].tells, 34)).join('\n')}

NAME is a SchedulerCluster. It may be left out where the namespace has only one.

Flags of every command:
${flagLines([...Object.keys(connectionFlags), 'help'])}

\`${program} COMMAND --help\` tells the flags of a command, with examples. \`${program} version\` prints the version.
Colours are for terminals; NO_COLOR=1 turns them off. KUBECTL names another kubectl to talk through.

${exits}`;

export function helpOf(name: CommandName): string {
  const { form, tells, more, flags: own, examples }: Command = commands[name];
  const paragraph = more === undefined ? '' : `\n${wrapped(more, width, '')}\n`;
  const lines = examples.map(([line, about]) => column(`${program} ${line}`, about, 44)).join('\n');
  const ownFlags = own.length === 0 ? '' : `Flags:\n${flagLines(own)}\n\n`;
  return `Usage: ${program} ${name} ${form} [flags]

${tells.charAt(0).toUpperCase()}${tells.slice(1)}.
${paragraph}
Examples:
${lines}

${ownFlags}Flags of every command:
${flagLines([...Object.keys(connectionFlags), 'help'])}
`;
}
