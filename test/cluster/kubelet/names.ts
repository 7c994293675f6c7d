/**
 * What cluster DNS is without a network of one's own: the names of Services, which lead to their ready pods at once because nobody
 * routes cluster addresses here. They are in a file of the node, which `preload.ts` reads in each process that Node runs.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Endpoints } from '../../../operator/kube/resources.ts';

/** Addresses by `<service>.<namespace>` and, for pods with a name under their Service, by `<pod>.<service>.<namespace>`. */
export type Names = Readonly<Record<string, readonly string[]>>;

export const namesFileVariable = 'POCKET_NAMES_FILE';

export function namesOf(all: readonly Endpoints[]): Names {
  const names = new Map<string, string[]>();
  for (const { metadata, subsets = [] } of all) {
    const service = `${metadata.name}.${metadata.namespace ?? ''}`;
    for (const { ip, hostname } of subsets.flatMap(({ addresses = [] }) => addresses)) {
      names.set(service, [...(names.get(service) ?? []), ip]);
      if (hostname) names.set(`${hostname}.${service}`, [ip]);
    }
  }
  return Object.fromEntries(names);
}

/** The part that `Names` knows a host by; undefined for a name outside the cluster. */
export const clusterName = (host: string): string | undefined =>
  /^(.+)\.svc(\.cluster\.local)?\.?$/.exec(host)?.[1];

/** All at once: a reader sees the old names or the new ones. */
export function writeNames(file: string, names: Names): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(names));
  renameSync(`${file}.new`, file);
}
