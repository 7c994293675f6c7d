/** Reads `config.toml`: text to checked values, or one message with every fault. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { AppError } from '../../common/errors.ts';
import { describeFaults, faultsOf } from './faults.ts';
import { Config, ineffectiveKeys } from './schema.ts';
import { indexLines } from './toml-lines.ts';

/** Where the original looks, relative to the working directory. */
export const defaultConfigPath = './config.toml';

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
  const document = parseToml(text, path);
  const result = Config.safeParse(document);
  if (!result.success) {
    throw new AppError('config', describeFaults(path, faultsOf(result.error, document, indexLines(text))));
  }
  return { config: result.data, ineffective: ineffectiveKeys.filter((key) => isSet(document, key)) };
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what] = error.message.split('\n');
    throw new AppError('config', `${path}:${error.line}:${error.column}: ${what ?? ''}\n${error.codeblock}`);
  }
}

function isSet(document: unknown, key: string): boolean {
  let value = document;
  for (const part of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value !== undefined;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
