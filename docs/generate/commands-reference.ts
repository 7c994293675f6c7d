/** docs/reference/commands.md: what the programs print of themselves. */
import { usage as operatorUsage } from '../../operator/flags.ts';
import { commandNames } from '../../operator/plugin/commands.ts';
import { helpOf, overview } from '../../operator/plugin/help.ts';
import { usage as validateUsage } from '../../operator/validate/arguments.ts';
import { readArguments } from '../../scheduler/arguments.ts';
import { page } from './markdown.ts';

const schedulerCommands: readonly (readonly string[])[] = [[], ['check-config'], ['doctor'], ['dlq']];

export function commandsReference(): string {
  return page(
    'Commands',
    '`scheduler/arguments.ts`, `operator/flags.ts`, `operator/validate/arguments.ts` and `operator/plugin/commands.ts`',
    'What each program prints for `--help`. From a checkout: `npm run --silent scheduler -- --help`, `npm run --silent operator -- --help`, `npm run --silent plugin -- --help`.',
    ...schedulerCommands.flatMap((command) => [
      `## ${['scheduler', ...command].join(' ')}`,
      text(schedulerHelp(command)),
    ]),
    '## operator',
    text(operatorUsage),
    '## operator validate',
    text(validateUsage),
    '## kubectl lingua',
    text(overview),
    ...commandNames.flatMap((name) => [`### kubectl lingua ${name}`, text(withoutCommonFlags(helpOf(name)))]),
  );
}

function schedulerHelp(command: readonly string[]): string {
  const asked = readArguments([...command, '--help']);
  if (asked.kind !== 'help') throw new Error(`scheduler ${command.join(' ')} --help is not help`);
  return asked.text;
}

/** They stand above, once. */
const withoutCommonFlags = (help: string): string => help.replace(/\nFlags of every command:\n[^]*$/, '');

const text = (help: string): string => ['```text', help.trimEnd(), '```'].join('\n');
