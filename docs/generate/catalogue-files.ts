/** The translations on disk: a folder for each language, in it a YAML file for each page and one for words that pages share. */
import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Translation, Translations } from './catalogue.ts';

const File = z.record(z.string(), z.strictObject({ of: z.string(), is: z.string().min(1) }));

export async function readTranslations(language: string): Promise<Translations> {
  const folder = new URL(`${language}/`, import.meta.url);
  const found = new Map<string, Translation>();
  for (const name of (await readdir(folder)).sort()) {
    const entries = File.parse(parse(await readFile(new URL(name, folder), 'utf8')));
    for (const [key, translation] of Object.entries(entries))
      found.set(`${name.replace(/\.yaml$/, '')}/${key}`, translation);
  }
  return found;
}
