/** Descriptions and required fields of built-in models, read from the client library's declarations when asked for. */
import { readFileSync } from 'node:fs';
import { modelModulePath } from '../schema/models.ts';

export interface ModelDocs {
  readonly description: string;
  readonly required: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

const field = /(?:\/\*\*\n((?:\s*\*[^\n]*\n)*?)\s*\*\/\n)?\s*'([^']+)'(\??): /g;
const model = /\/\*\*\n((?:\s*\*[^\n]*\n)*?)\s*\*\/\nexport declare class/;

export function modelDocs(name: string): ModelDocs {
  const source = declarationsOf(name);
  const body = source.slice(source.indexOf('export declare class'));
  const found = [...body.matchAll(field)];
  return {
    description: text(model.exec(source)?.[1]),
    required: found.filter((match) => match[3] === '').map((match) => match[2] ?? ''),
    fields: Object.fromEntries(found.map((match) => [match[2] ?? '', text(match[1])])),
  };
}

function declarationsOf(name: string): string {
  try {
    return readFileSync(modelModulePath(name).replace(/\.js$/, '.d.ts'), 'utf8');
  } catch {
    return '';
  }
}

const text = (comment = ''): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join(' ')
    .replaceAll(/\\(['"])/g, '$1')
    .trim();
