/** docs/reference/commands.md: what the programs print of themselves. */
import { usage as operatorUsage } from '../../operator/flags.ts';
import { readArguments } from '../../scheduler/arguments.ts';
import { page } from './markdown.ts';

const schedulerCommands: readonly (readonly string[])[] = [[], ['check-config'], ['doctor'], ['dlq']];

export function commandsReference(): string {
  return page(
    'Commands',
    '`scheduler/arguments.ts` and `operator/flags.ts`',
    'What each program prints for `--help`. From a checkout: `npm run --silent scheduler -- --help`, `npm run --silent operator -- --help`.',
    ...schedulerCommands.flatMap((command) => [
      `## ${['scheduler', ...command].join(' ')}`,
      text(schedulerHelp(command)),
    ]),
    '## operator',
    text(operatorUsage),
  );
}

function schedulerHelp(command: readonly string[]): string {
  const asked = readArguments([...command, '--help']);
  if (asked.kind !== 'help') throw new Error(`scheduler ${command.join(' ')} --help is not help`);
  return asked.text;
}

const text = (help: string): string => ['```text', help.trimEnd(), '```'].join('\n');
