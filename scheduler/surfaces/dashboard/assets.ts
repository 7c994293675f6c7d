/**
 * The files of the page, by name. Read once, from beside this file; in the bundle `build.ts` puts their text here instead.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const directory = path.join(import.meta.dirname, 'page');

export const assets: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(directory)
    .filter((name) => /\.(html|css|js|svg)$/.test(name))
    .sort()
    .map((name) => [name, readFileSync(path.join(directory, name), 'utf8')]),
);
