/**
 * `operator validate`: reads manifests and prints what the API server would refuse. The running operator never loads this.
 *
 *   documents.ts    text becomes documents, as kubectl reads them
 *   check.ts        one document is judged, with operator/schema/
 */
import { isObject, stringAt, type JsonObject } from '../schema/json.ts';
import { readArguments, usage, type Arguments } from './arguments.ts';
import { addressOf, check, isOurs, membersOf } from './check.ts';
import { parseDocuments } from './documents.ts';

export const codes = { ok: 0, problems: 1, unusable: 2 } as const;

export interface Surroundings {
  /** Text of a file; `-` is standard input. */
  readonly read: (file: string) => Promise<string>;
  readonly print: (line: string) => void;
  /** For what is no problem of a manifest. */
  readonly note: (line: string) => void;
}

export async function validate(args: readonly string[], around: Surroundings): Promise<number> {
  const given = understood(args);
  if (given instanceof Error) return unusable(`${given.message}\n\n${usage.trimEnd()}`, around);
  if (given.help) {
    around.print(usage.trimEnd());
    return codes.ok;
  }
  try {
    const olds = given.old === undefined ? [] : await manifestsIn(given.old, around);
    const files = [];
    for (const file of given.files) files.push(await manifestsIn(file, around));
    return verdict(files.flat(), olds, given, around);
  } catch (error) {
    return unusable((error as Error).message, around);
  }
}

function understood(args: readonly string[]): Arguments | Error {
  try {
    return readArguments(args);
  } catch (error) {
    return error as Error;
  }
}

function unusable(why: string, { note }: Surroundings): number {
  note(`operator validate: ${why}`);
  return codes.unusable;
}

interface Manifest {
  /** Where it stands: file, number of the document, place in a list. */
  readonly place: string;
  readonly content: { readonly value: JsonObject } | { readonly fault: string };
}

async function manifestsIn(file: string, { read }: Surroundings): Promise<Manifest[]> {
  const name = file === '-' ? 'stdin' : file;
  return parseDocuments(await read(file)).flatMap(({ number, parsed }): Manifest[] => {
    const place = `${name}:${number}`;
    if ('fault' in parsed) return [{ place, content: parsed }];
    if (!isObject(parsed.value)) return [{ place, content: { fault: 'must be an object with fields' } }];
    const members = membersOf(parsed.value);
    if (!members) return [{ place, content: { value: parsed.value } }];
    return members.map((value, index) => ({ place: `${place}[${index}]`, content: { value } }));
  });
}

function verdict(
  manifests: readonly Manifest[],
  olds: readonly Manifest[],
  { strict }: Arguments,
  around: Surroundings,
): number {
  const before = new Map(olds.flatMap(({ content }) => ('value' in content ? [entry(content.value)] : [])));
  const problems: string[] = [];
  let checked = 0;
  for (const { place, content } of manifests) {
    if ('fault' in content) problems.push(`${place}: ${content.fault}`);
    else if (isOurs(content.value)) {
      checked += 1;
      problems.push(...problemsOf(content.value, before.get(addressOf(content.value)), place));
    } else {
      const other = `${stringAt(content.value, 'kind') ?? 'a document without kind'} is not checked`;
      if (strict) problems.push(`${place}: ${other}`);
      else around.note(`${place}: ${other}`);
    }
  }
  for (const problem of problems) around.print(problem);
  if (checked === 0) around.note('no SchedulerCluster to check');
  return problems.length === 0 && checked > 0 ? codes.ok : codes.problems;
}

const entry = (value: JsonObject): [string, JsonObject] => [addressOf(value), value];

/** Problems of the object as a whole have no field to name. */
const problemsOf = (value: JsonObject, old: JsonObject | undefined, place: string): string[] =>
  check(value, old).map(({ field, message }) =>
    [place, ...(field === '<nil>' ? [] : [field]), message].join(': ').replaceAll('\n', ' '),
  );
