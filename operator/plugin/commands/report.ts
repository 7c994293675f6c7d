/** `report`: everything somebody else needs to understand what happened to a fleet, and nothing that is secret. */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { count } from '../../../common/count.ts';
import { AppError } from '../../../common/errors.ts';
import { version } from '../../../common/version.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { listClusters } from '../look.ts';
import type { Run } from '../plugin.ts';
import { collect, type Collected } from '../report/collect.ts';
import { tarOf } from '../report/tar.ts';
import { clusterOf } from '../target.ts';
import { namespaceOf } from './status.ts';

const usualTail = '5000';

export const report: Run = async ({ operands: [name], values }, plugin) => {
  const clusters = await listClusters(plugin.kubectl);
  const cluster = clusterOf(name, clusters, await namespaceOf(clusters, plugin, values.namespace));
  const nowMs = plugin.clock.now();
  const title = titleOf(cluster, nowMs);
  const to = values.file ?? `${title}.tar.gz`;
  await refuseFull(to);
  const collected = await collect(cluster, values.tail ?? usualTail, plugin);
  const files = new Map([['README.txt', readme(cluster, collected, nowMs)], ...collected.files]);
  await (isArchive(to) ? writeArchive(to, title, files, nowMs) : writeFolder(to, files));
  for (const what of collected.missing) plugin.note(`left out: ${what}\n`);
  plugin.out(
    `${to}: ${count(files.size, 'file')}. No Secret was read, and what looks like a secret was removed; read it before you send it.\n`,
  );
  return 0;
};

/** In short form: the path of each file in an archive has at most 100 characters. */
const titleOf = ({ metadata }: SchedulerCluster, nowMs: number): string =>
  `lingua-report-${metadata.name.slice(0, 20)}-${new Date(nowMs).toISOString().slice(0, 19).replace(/[:-]/g, '')}`;

const isArchive = (to: string): boolean => /\.(tar\.gz|tgz)$/.test(to);

async function refuseFull(to: string): Promise<void> {
  if (isArchive(to)) return;
  const there = await readdir(to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new AppError('config', `cannot write to ${to}: ${(error as Error).message}`, { cause: error });
  });
  if (there.length > 0)
    throw new AppError(
      'config',
      `${to} is not empty\nName a directory that is, or one that is not there yet, or a file that ends in .tar.gz.`,
    );
}

/** For its owner alone: names of sessions and nodes are in it. */
async function writeArchive(
  to: string,
  title: string,
  files: ReadonlyMap<string, string>,
  nowMs: number,
): Promise<void> {
  const inFolder = new Map([...files].map(([name, text]) => [`${title}/${name}`, text]));
  await writeFile(to, gzipSync(tarOf(inFolder, nowMs)), { mode: 0o600 });
  await chmod(to, 0o600);
}

async function writeFolder(to: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, text] of files) {
    const file = path.join(to, name);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: 0o600 });
  }
}

function readme({ metadata }: SchedulerCluster, { files, missing }: Collected, nowMs: number): string {
  return [
    `Report on SchedulerCluster ${metadata.name} in namespace ${metadata.namespace ?? 'default'}`,
    `made at ${new Date(nowMs).toISOString()} by kubectl lingua ${version}`,
    '',
    'No Secret was read. Passwords, tokens and keys were taken out of text, as were values of environment variables and',
    'annotations that are not known to be harmless: they read <removed>. Ids of sessions and nodes, and addresses, are in it.',
    '',
    'What there is:',
    ...[...files.keys()].map((name) => `  ${name}`),
    '',
    missing.length === 0 ? 'Nothing was left out.' : 'What could not be had:',
    ...missing.map((what) => `  ${what}`),
    '',
  ].join('\n');
}
