/** The rights that the documentation names as enough for a user of Redis: what tests give to theirs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './images.ts';

export function documentedRights(): string[] {
  const design = readFileSync(path.join(root, 'docs/design/scheduler.md'), 'utf8');
  const [, line] = /ACL SETUSER lingua on >secret ~lingua:\* (.+)$/m.exec(design) ?? [];
  if (line === undefined) throw new Error('the design names no rights');
  return line.trim().split(' ');
}
