/** What a Redis command is called when people speak of it: a script by its name, anything else by its own. */
import { createHash } from 'node:crypto';
import { requestWords } from './resp.ts';

export interface Command {
  /** `XREADGROUP`, or `script:accept`; a script nobody named is `script:<first digits of its hash>`. */
  readonly name: string;
  /** The first key, or the empty text. */
  readonly key: string;
  readonly words: readonly Buffer[];
}

/** Names of scripts by the hash under which Redis knows them. */
export type ScriptNames = ReadonlyMap<string, string>;

export function readCommand(frame: Buffer, scripts: ScriptNames): Command {
  const words = requestWords(frame);
  const verb = words[0]?.toString('latin1').toUpperCase() ?? '';
  const word = (index: number) => words[index]?.toString('utf8') ?? '';
  if (verb === 'EVALSHA' || verb === 'EVALSHA_RO')
    return { name: scriptName(word(1), scripts), key: word(3), words };
  if (verb === 'EVAL' || verb === 'EVAL_RO')
    return { name: scriptName(sha1(words[1]), scripts), key: word(3), words };
  return { name: verb, key: keyOf(verb, words), words };
}

function scriptName(hash: string, scripts: ScriptNames): string {
  return `script:${scripts.get(hash.toLowerCase()) ?? hash.slice(0, 8)}`;
}

/** Most commands name their key first; a stream read names it behind STREAMS. */
function keyOf(verb: string, words: readonly Buffer[]): string {
  const texts = () => words.map((word) => word.toString('latin1').toUpperCase());
  if (verb === 'XREADGROUP' || verb === 'XREAD')
    return words[texts().indexOf('STREAMS') + 1]?.toString('utf8') ?? '';
  const at = ['XGROUP', 'XINFO', 'OBJECT', 'MEMORY'].includes(verb) ? 2 : 1;
  return words[at]?.toString('utf8') ?? '';
}

function sha1(source: Buffer | undefined): string {
  return createHash('sha1')
    .update(source ?? '')
    .digest('hex');
}
