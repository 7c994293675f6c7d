/** Reads `config.toml`: text to checked values, or one message with every fault. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { AppError } from '../../common/errors.ts';
import { describeFaults, faultsOf, type Fault } from './faults.ts';
import { Config, ineffectiveKeys } from './schema.ts';
import { indexLines, lineOf } from './toml-lines.ts';

/** Where the original looks, relative to the working directory. */
const defaultConfigPath = './config.toml';

export interface LoadedConfig {
  readonly config: Config;
  /** Path of the file, or undefined when the built-in defaults are used. */
  readonly path: string | undefined;
  /** SHA-256 of the file's bytes in hexadecimal; of nothing when there is no file. */
  readonly sha256: string;
  /** Keys the file sets that change nothing yet. */
  readonly ineffective: readonly string[];
}

/**
 * @param path the file asked for; without one `./config.toml` is read when it exists, else the defaults are used
 * @throws AppError `config` when the file cannot be read or used
 */
export async function loadConfig(path: string | undefined): Promise<LoadedConfig> {
  const file = path ?? defaultConfigPath;
  const bytes = await readFile(file).catch((error: unknown) => {
    if (path === undefined && isMissing(error)) return undefined;
    throw new AppError('config', `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  if (bytes === undefined)
    return { ...parseConfig('', file), path: undefined, sha256: sha256(Buffer.alloc(0)) };
  return { ...parseConfig(bytes.toString('utf8'), file), path: file, sha256: sha256(bytes) };
}

/** @throws AppError `config` with all faults of `text` */
export function parseConfig(text: string, path: string): { config: Config; ineffective: string[] } {
  const read = readConfig(text);
  if (!read.ok) throw new AppError('config', describeFaults(path, read.faults));
  return { config: read.config, ineffective: read.ineffective.map(({ key }) => key) };
}

export type ReadConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Keys the text sets that change nothing yet. */
      readonly ineffective: readonly { readonly key: string; readonly line: number | undefined }[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Every fault of the text, or what it says. */
export function readConfig(text: string): ReadConfig {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { ok: false, faults: [syntaxFault(error)] };
  }
  const result = Config.safeParse(document);
  const lines = indexLines(text);
  if (!result.success) return { ok: false, faults: faultsOf(result.error, document, lines) };
  const set = ineffectiveKeys.filter((key) => isSet(document, key));
  const ineffective = set.map((key) => ({ key, line: lineOf(lines, key.split('.')) }));
  return { ok: true, config: result.data, ineffective };
}

function syntaxFault({ message, line, column, codeblock }: TomlError): Fault {
  const [what = ''] = message.split('\n');
  return { line, column, key: '', what: `${what}\n${codeblock.trimEnd()}` };
}

function isSet(document: unknown, key: string): boolean {
  let value = document;
  for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value !== undefined;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
