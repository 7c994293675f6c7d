/**
 * Loaded before a program of Node in a pod: `dns.lookup`, which every connection by name asks, knows the names of Services too, and
 * `readFileSync` finds what is mounted also by a path that stands in a file, such as that of a password.
 */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { clusterName, namesFileVariable, type Names } from './names.ts';
import { mountsVariable, rewritePaths, type Mount } from './mounts.ts';

type Answer = (error: Error | null, address?: string | LookupAddress[], family?: number) => void;

const elsewhere = dns.lookup;
const file = process.env[namesFileVariable];

function addressesOf(name: string): readonly string[] {
  if (file === undefined) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as Names)[name] ?? [];
}

function lookup(host: string, options: LookupOptions | number | Answer, answer: Answer): void {
  const name = clusterName(host);
  if (name === undefined) {
    Reflect.apply(elsewhere, dns, [host, options, answer]);
    return;
  }
  const told = typeof options === 'function' ? options : answer;
  const wantsAll = typeof options === 'object' && options.all === true;
  const found = addressesOf(name).map((address) => ({ address, family: 4 }));
  const [first] = found;
  process.nextTick(() => {
    if (!first) told(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
    else if (wantsAll) told(null, found);
    else told(null, first.address, first.family);
  });
}

dns.lookup = Object.assign(lookup, { __promisify__: dns.promises.lookup }) as typeof dns.lookup;

const mounts = JSON.parse(process.env[mountsVariable] ?? '[]') as Mount[];
const original = fs.readFileSync;
fs.readFileSync = ((path: unknown, ...options: unknown[]) => {
  const real = typeof path === 'string' ? rewritePaths(path, mounts) : path;
  return Reflect.apply(original, fs, [real, ...options]) as unknown;
}) as typeof fs.readFileSync;

// Named imports see the changes too.
syncBuiltinESMExports();
