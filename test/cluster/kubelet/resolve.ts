/** Loaded before the program of a pod: `dns.lookup`, which every connection by name asks, knows the names of Services too. */
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { readFileSync } from 'node:fs';
import { clusterName, namesFileVariable, type Names } from './names.ts';

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
