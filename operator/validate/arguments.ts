/** The command line of `operator validate`. */
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly files: readonly string[];
  /** What stands in the cluster now. */
  readonly old: string | undefined;
  readonly strict: boolean;
  readonly help: boolean;
}

export const usage = `Usage: operator validate [--old FILE] [--strict] FILE...

Says what the API server would say of a SchedulerCluster, without asking one.

  FILE         YAML or JSON with any number of documents; - is standard input
  --old FILE   what stands in the cluster now, such as 'kubectl get lsc -o yaml' prints it: also
               checks what may not change while the fleet exists
  --strict     a document of another kind is a problem too; otherwise it is skipped with a note
  --help       print this

Every problem is one line on standard output, FILE:DOCUMENT: FIELD: MESSAGE.

Exit codes:
  0   no problem
  1   a problem, or no SchedulerCluster to check
  2   the command line cannot be used, or a file cannot be read
`;

/** What `parseArgs` takes. */
export const options = {
  old: { type: 'string' },
  strict: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws Error that says what is wrong with the command line */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options,
  });
  if (positionals.length === 0 && !values.help) throw new Error('name at least one FILE');
  return { files: positionals, old: values.old, strict: values.strict, help: values.help };
}
