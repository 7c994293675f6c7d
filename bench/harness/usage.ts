/** What a process has used so far, as the kernel counts it (proc(5)); Linux only. */
import { readFileSync } from 'node:fs';

/** The kernel's user-visible clock: 100 ticks a second on every Linux platform Node runs on. */
const tickMs = 10;

/** User and system time of all threads, in milliseconds. */
export function cpuMs(pid: number): number {
  return cpuMsOf(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
}

/** The second field is the program's name and may hold spaces and brackets: count from its last bracket. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Resident memory in bytes. */
export const rssBytes = (pid: number): number => memoryOf(pid, /^VmRSS:\s+(\d+) kB$/m);

/** The most it ever was. */
export const mostRssBytes = (pid: number): number => memoryOf(pid, /^VmHWM:\s+(\d+) kB$/m);

const memoryOf = (pid: number, line: RegExp): number =>
  Number(line.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) * 1024;

/** What of it are pages of files, as of the program itself: the kernel may drop them, and all processes of a machine share them. */
export function rssFileBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** How many files and sockets a process may hold; Node raises itself to the hard limit when it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === 'unlimited' ? Infinity : Number(hard);
}
