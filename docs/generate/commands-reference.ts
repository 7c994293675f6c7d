/** docs/reference/commands.md: what the programs print of themselves. */
import { usage as operatorUsage } from '../../operator/flags.ts';
import { commandNames } from '../../operator/plugin/commands.ts';
import { helpOf, overview } from '../../operator/plugin/help.ts';
import { usage as validateUsage } from '../../operator/validate/arguments.ts';
import { readArguments } from '../../scheduler/arguments.ts';
import { blocksOf, type Block } from './help-text.ts';
import { code, headsOf, page, table } from './markdown.ts';
import type { Tongue } from './tongue.ts';

/** A heading, and what is printed when its words are typed with `--help`. */
interface Command {
  readonly heading: string;
  readonly help: string;
}

type Program = readonly Command[];

const programs: readonly Program[] = [
  [[], ['check-config'], ['doctor'], ['dlq']].map((command) => ({
    heading: `## ${['scheduler', ...command].join(' ')}`,
    help: schedulerHelp(command),
  })),
  [{ heading: '## operator', help: operatorUsage }],
  [{ heading: '## operator validate', help: validateUsage }],
  [
    { heading: '## kubectl lingua', help: overview },
    ...commandNames.map((name) => ({
      heading: `### kubectl lingua ${name}`,
      help: withoutCommonFlags(helpOf(name)),
    })),
  ],
];

export function commandsReference(tongue: Tongue): string {
  return page(
    tongue,
    tongue.tell('commands/title', 'Commands'),
    '`scheduler/arguments.ts`, `operator/flags.ts`, `operator/validate/arguments.ts` and `operator/plugin/commands.ts`',
    tongue.tell(
      'commands/intro',
      'What each program prints for `--help`. From a checkout: `npm run --silent scheduler -- --help`, `npm run --silent operator -- --help`, `npm run --silent plugin -- --help`.',
    ),
    ...programs.flatMap((program) => sections(tongue, program)),
  );
}

/** Where the program speaks another language than the page, its words are explained below them, each once. */
function sections(tongue: Tongue, program: Program): string[] {
  const explain = tongue.explainsHelp ? explainer(tongue, program) : () => [];
  return program.flatMap((command) => [command.heading, printed(command.help), ...explain(command)]);
}

function explainer(tongue: Tongue, program: Program): (command: Command) => string[] {
  const [first] = program;
  const nameOf = ({ heading }: Command) => heading.replace(/^#+ /, '');
  const name = first ? nameOf(first) : '';
  const all = program.flatMap(({ help }) =>
    blocksOf(help).flatMap((block) => (block.kind === 'list' ? block.items : [])),
  );
  const told = new Set<string>();
  const isNew = (text: string): boolean => !told.has(text) && Boolean(told.add(text));

  /** One translation for what has the same meaning everywhere in the program. */
  const keyOf = (command: Command, term: string): string =>
    new Set(all.filter((item) => item.term === term).map(({ text }) => text)).size === 1
      ? `commands/${name}: ${term}`
      : `commands/${nameOf(command)}: ${term}`;

  const explained = (command: Command, block: Block, at: number): string[] => {
    if (block.kind === 'prose')
      return [tongue.tell(`commands/${nameOf(command)}, block ${String(at + 1)}`, block.text)];
    const items = block.items.filter(({ term, text }) => isNew(`${term} ${text}`));
    if (items.length === 0) return [];
    return [
      table(
        headsOf(tongue, [block.heading || 'what is typed', 'what it does']),
        items.map(({ term, text }) => [code(term), tongue.tell(keyOf(command, term), text)]),
      ),
    ];
  };
  return (command) => blocksOf(command.help).flatMap((block, at) => explained(command, block, at));
}

function schedulerHelp(command: readonly string[]): string {
  const asked = readArguments([...command, '--help']);
  if (asked.kind !== 'help') throw new Error(`scheduler ${command.join(' ')} --help is not help`);
  return asked.text;
}

/** They stand above, once. */
function withoutCommonFlags(help: string): string {
  return help.replace(/\nFlags of every command:\n[^]*$/, '');
}

const printed = (help: string): string => ['```text', help.trimEnd(), '```'].join('\n');
