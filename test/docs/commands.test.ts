/**
 * Every command block of the documentation is run, or says why not. The word after `sh` says where:
 *
 *   checkout       in a copy of this repository's root
 *   cluster        the same, with a Kubernetes on which nothing is installed
 *   fleet          the same, with the operator and a SchedulerCluster `demo` that is Ready; `redis-cli` reaches its Redis,
 *                  ./config.toml is that of an instance, and the kubectl plugin is installed
 *   not-run: why   for what a test cannot do: it needs the reader's own files, builds images, runs the tests …
 *
 * The blocks of a page run in their order and share a directory, so a page reads as its reader would type it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'smol-toml';
import { createLogger } from '../../common/log.ts';
import { root } from '../support/images.ts';
import { installPlugin } from '../support/plugin.ts';
import { clusterManifest, installOperator, startPocket, type Pocket } from '../support/pocket.ts';
import { pages as allPages, type Fence } from './pages.ts';

/** Translations have the commands of their originals, which is another test. */
const pages = allPages.filter(({ file }) => !file.startsWith('docs/zh/'));

const places = ['checkout', 'cluster', 'fleet'] as const;
type Place = (typeof places)[number];
const isPlace = (word: string): word is Place => (places as readonly string[]).includes(word);

const limitMs = 150_000;
const prefix = 'lingua-prod';

const commandsOf = (fences: readonly Fence[]): Fence[] =>
  fences.filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language));

interface Running extends Pocket {
  /** On which the reader's programs are found. */
  readonly path: string;
}

const started = new Map<Place, Promise<Running>>();
const directories: string[] = [];

after(async () => {
  for (const pocket of started.values()) await (await pocket).stop();
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** One for all pages that want that place; none is started for nothing. */
function pocketFor(place: 'cluster' | 'fleet'): Promise<Running> {
  const running = started.get(place) ?? start(place);
  started.set(place, running);
  return running;
}

const bin = `${path.join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;

async function start(place: 'cluster' | 'fleet'): Promise<Running> {
  const pocket = await startPocket({ log: createLogger({}, { level: 'error', format: 'json' }) });
  if (place === 'cluster') return { ...pocket, path: bin };
  const { kubectl, redis, cluster } = pocket;
  await installOperator(kubectl);
  const manifest = clusterManifest({ name: 'demo', redisUrl: redis.url, keyPrefix: prefix });
  await kubectl(['apply', '-f', '-'], manifest);
  const plugin = await installPlugin(cluster.kubeconfig);
  directories.push(plugin.directory);
  await kubectl(['wait', 'lsc/demo', '--for=condition=Ready', '--timeout=180s']);
  return { ...pocket, path: `${plugin.directory}:${bin}` };
}

/** What the reader has after a clone: the same files, and room for their own. */
function checkout(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-docs-'));
  directories.push(directory);
  for (const name of readdirSync(root))
    if (name !== 'dist' && name !== '.git') symlinkSync(path.join(root, name), path.join(directory, name));
  return directory;
}

async function environmentOf(place: Place, directory: string): Promise<NodeJS.ProcessEnv> {
  const environment = { ...process.env, PATH: bin, NODE_TEST_CONTEXT: undefined };
  if (place === 'checkout') return environment;
  const { cluster, redis, path: found } = await pocketFor(place);
  writeFileSync(
    path.join(directory, 'config.toml'),
    stringify({
      scheduler: { phase2: { instance_id: 'by-hand', redis: { url: redis.url, key_prefix: prefix } } },
    }),
  );
  return { ...environment, PATH: found, KUBECONFIG: cluster.kubeconfig, REDIS_PORT: String(redis.port) };
}

/** The reader's redis-cli finds its server at the usual port; ours is elsewhere. */
const prelude = 'redis-cli() { command redis-cli ${REDIS_PORT:+-p "$REDIS_PORT"} "$@"; }';

function run(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', `${prelude}\n${script}`], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
      });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code: code ?? 1, said });
    });
  });
}

it('every command block says where it runs, or why it does not', () => {
  const silent = pages.flatMap(({ file, fences }) =>
    commandsOf(fences)
      .filter(({ attributes }) => !isPlace(attributes) && !/^not-run: \S/.test(attributes))
      .map(({ line }) => `${file}:${String(line)}`),
  );
  assert.deepEqual(silent, []);
});

it('no block that is run calls make, which would install into the copy', () => {
  const blocks = pages.flatMap(({ fences }) =>
    commandsOf(fences).filter(({ attributes }) => isPlace(attributes)),
  );
  assert.deepEqual(
    blocks.filter(({ text }) => /^\s*make\b/m.test(text)).map(({ text }) => text),
    [],
  );
});

it('no block runs TypeScript by whichever Node is there: it may be too old, and that of the lockfile is not', () => {
  const blocks = pages.flatMap(({ fences }) => commandsOf(fences));
  assert.deepEqual(
    blocks.filter(({ text }) => /(^|[;&|]\s*)node \S+\.ts/m.test(text)).map(({ text }) => text),
    [],
  );
});

for (const { file, fences } of pages) {
  const blocks = commandsOf(fences).filter(({ attributes }) => isPlace(attributes));
  if (blocks.length === 0) continue;
  describe(`${file} does what it says`, () => {
    const directory = checkout();
    for (const { text, attributes, line } of blocks) {
      it(`line ${String(line)}: ${text.split('\n')[0] ?? ''}`, async () => {
        const environment = await environmentOf(attributes as Place, directory);
        const { code, said } = await run(text, directory, environment);
        assert.equal(code, 0, `${text}\n---\n${said}`);
      });
    }
  });
}
