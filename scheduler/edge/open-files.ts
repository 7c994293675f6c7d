/** How many files this process may have open: every socket is one. */
import { readFileSync } from 'node:fs';

/** Infinity where the system does not say. Node raises its soft limit to the hard one when it starts. */
export function openFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
    return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
