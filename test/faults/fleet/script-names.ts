/** The names of the scheduler's Redis scripts, from the scripts themselves. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ScriptNames } from '../commands.ts';

const directory = path.resolve(import.meta.dirname, '../../../scheduler/store/redis/scripts');

export async function readScriptNames(): Promise<ScriptNames> {
  const names = new Map<string, string>();
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.ts'))) {
    const module = (await import(pathToFileURL(path.join(directory, file)).href)) as Record<string, unknown>;
    for (const script of Object.values(module)) if (isScript(script)) names.set(script.sha1, script.name);
  }
  return names;
}

const isScript = (value: unknown): value is { name: string; sha1: string } =>
  typeof value === 'object' && value !== null && 'sha1' in value && 'name' in value;
