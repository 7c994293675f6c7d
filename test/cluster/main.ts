/**
 * Runs a pocket cluster until it is interrupted.
 *
 *   npx node test/cluster/main.ts [--directory D] [--keep] [--image NAME=COMMAND]... [--assets FOLDER]
 *
 * Prints one line, `KUBECONFIG=<file>`, when the cluster is ready. `--keep` leaves the directory, with the logs of all pods.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { createLogger, logOptions } from '../../common/log.ts';
import { startCluster } from './cluster.ts';
import type { Images } from './kubelet/images.ts';

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    keep: { type: 'boolean', default: false },
    image: { type: 'string', multiple: true, default: [] },
    assets: { type: 'string' },
  },
});

const root = join(import.meta.dirname, '../..');

const projectImages: Images = {
  'lingua-scheduler': [process.execPath, join(root, 'scheduler/main.ts')],
  'lingua-operator': [process.execPath, join(root, 'operator/main.ts')],
};

/** `NAME=COMMAND ARG…`, parted at blanks. */
function namedImages(definitions: readonly string[]): Images {
  return Object.fromEntries(
    definitions.map((definition) => {
      const [name = '', command = ''] = definition.split(/=(.*)/s);
      return [name, command.split(' ').filter(Boolean)];
    }),
  );
}

async function directoryToKeep(): Promise<string | undefined> {
  if (values.directory !== undefined) return values.directory;
  return values.keep ? mkdtemp(join(tmpdir(), 'pocket-cluster-')) : undefined;
}

const log = createLogger({}, logOptions({ LOG_LEVEL: 'warn', ...process.env }, process.stderr.isTTY));
const directory = await directoryToKeep();
const starting = startCluster({
  clock: systemClock,
  random: systemRandom,
  log,
  images: { ...projectImages, ...namedImages(values.image) },
  keepDirectories: values.keep,
  workingDirectory: root,
  ...(directory === undefined ? {} : { directory }),
  ...(values.assets === undefined ? {} : { assets: values.assets }),
  ...(process.env['PATH'] === undefined ? {} : { path: process.env['PATH'] }),
});

async function stop(): Promise<void> {
  try {
    const cluster = await starting;
    await cluster.stop();
    process.exit(0);
  } catch (error) {
    log.error({ err: error }, 'the cluster did not stop cleanly');
    process.exit(1);
  }
}

// Before the first word on stdout: who reads it may answer with a signal at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());

console.log(`KUBECONFIG=${(await starting).kubeconfig}`);
