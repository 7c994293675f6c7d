/** Both Dockerfiles are built and what comes of them is started, with stand-ins for the bases. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { stringify } from 'smol-toml';
import { systemClock, systemRandom } from '../../../common/clock-system.ts';
import { createLogger } from '../../../common/log.ts';
import { environment, mounts, paths, ports } from '../../../common/workload.ts';
import { bundleAll } from '../../../build.ts';
import { startCluster } from '../../cluster/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { images, root } from '../../support/images.ts';
import { createKubectl } from '../../support/kubectl.ts';
import { startRedis } from '../../support/redis.ts';
import { openBuildah, type Buildah } from './buildah.ts';
import { Container } from './container.ts';
import { makeStandIns, standIns } from './stand-ins.ts';

type Program = 'scheduler' | 'operator';
const programs: readonly Program[] = ['scheduler', 'operator'];
const revision = '0123456789abcdef';
const patienceMs = 60_000;

const nameOf = (program: Program): string => `localhost/lingua-${program}:0.1.0`;

/** Everything that a container's root holds, with size and time of change; the kernel's own folders left out. */
const listing = `(function walk(folder) {
  const fs = require('fs');
  return fs.readdirSync(folder || '/', { withFileTypes: true }).flatMap((entry) => {
    const at = folder + '/' + entry.name;
    if (['/proc', '/sys', '/dev', '/run', '/etc/lingua'].includes(at)) return [];
    if (entry.isDirectory()) return walk(at);
    const { size, mtimeMs } = fs.lstatSync(at);
    return [at + ' ' + size + ' ' + mtimeMs];
  });
})('').filter((line) => !/^.etc.(hosts|resolv.conf|hostname)/.test(line))`;

describe('the images', () => {
  let buildah: Buildah;
  let directory: string;
  const containers = {} as Record<Program, Container>;

  before(async () => {
    buildah = await openBuildah();
    directory = await mkdtemp(path.join(tmpdir(), 'lingua-image-test-'));
    // The programs run as another user than the one who tests.
    await chmod(directory, 0o755);
    await makeStandIns(buildah);
    for (const program of programs) {
      await build(buildah, program);
      containers[program] = await Container.of(buildah, nameOf(program));
    }
  });
  after(async () => {
    await buildah.remove();
    await rm(directory, { recursive: true, force: true });
  });

  for (const program of programs) {
    it(`lingua-${program} carries what was bundled, with its map, its licences and its labels`, async (t) => {
      const container = containers[program];
      const { config } = container;
      assert.equal(config.User, '65532:65532');
      assert.equal(config.Entrypoint.at(-1), `/app/${program}.mjs`);
      assert.equal(config.Labels['org.opencontainers.image.version'], '0.1.0');
      assert.equal(config.Labels['org.opencontainers.image.revision'], revision);
      assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
      const files = (await container.evaluate(`require('fs').readdirSync('/app').sort()`)) as string[];
      const bundled = [`${program}.mjs`, `${program}.mjs.LEGAL.txt`, `${program}.mjs.map`];
      assert.deepEqual(files, ['LICENSE', ...bundled]);
      await tellSizes(t, buildah, program);
    });

    it(`lingua-${program} holds the very bytes that a build elsewhere makes`, async () => {
      const elsewhere = path.join(directory, 'bundle');
      await bundleAll(elsewhere);
      const expected = await readFile(path.join(elsewhere, `${program}.mjs`));
      const hash = `require('crypto').createHash('sha256').update(require('fs').readFileSync('/app/${program}.mjs')).digest('hex')`;
      assert.equal(
        await containers[program].evaluate(hash),
        createHash('sha256').update(expected).digest('hex'),
      );
    });
  }

  it('lingua-scheduler starts as a pod starts it, answers its probes, writes nothing to its root and stops cleanly', async () => {
    const redis = await startRedis();
    const container = containers.scheduler;
    const found = await container.evaluate(listing);
    const config = {
      scheduler: {
        endpoint_grace_seconds: 0.1,
        phase2: { enabled: true, instance_id: 'demo-0', redis: { mode: 'single', url: redis.url } },
      },
    };
    await writeFile(path.join(directory, 'demo-0.toml'), stringify(config), { mode: 0o644 });
    const address = '127.71.0.1';
    const run = container.start({
      args: ['--config', `${mounts.configDirectory}/demo-0.toml`],
      environment: {
        [environment.podName]: 'demo-0',
        [environment.podIndex]: '0',
        [environment.bindAddress]: address,
      },
      volumes: { [mounts.configDirectory]: directory },
    });
    try {
      const base = `http://${address}:${String(ports.http)}`;
      await answers(`${base}${paths.readyz}`, run.output);
      assert.equal((await fetch(`${base}${paths.livez}`)).status, 200);
      assert.equal(await run.stop(), 0, run.output());
      assert.deepEqual(await container.evaluate(listing), found);
    } finally {
      run.kill();
      await redis.stop();
    }
  });

  it('lingua-operator starts, reaches Kubernetes, answers its probes, writes nothing to its root and stops cleanly', async () => {
    const cluster = await startCluster({
      clock: systemClock,
      random: systemRandom,
      log: createLogger({}, { level: 'error', format: 'json' }),
      images,
      workingDirectory: root,
    });
    const container = containers.operator;
    const found = await container.evaluate(listing);
    await createKubectl(cluster.kubeconfig)(['apply', '--server-side', '-k', path.join(root, 'crds')]);
    await writeFile(path.join(directory, 'kubeconfig'), await readFile(cluster.kubeconfig), { mode: 0o644 });
    const address = '127.71.0.2';
    const run = container.start({
      args: ['--kubeconfig=/etc/lingua/kubeconfig', '--leader-namespace=default'],
      environment: { [environment.bindAddress]: address },
      volumes: { '/etc/lingua': directory },
    });
    try {
      await answers(`http://${address}:8080/readyz`, run.output);
      assert.match(await (await fetch(`http://${address}:8080/metrics`)).text(), /kube_reflector_objects/);
      assert.equal(await run.stop(), 0, run.output());
      assert.deepEqual(await container.evaluate(listing), found);
    } finally {
      run.kill();
      await cluster.stop();
    }
  });
});

async function build(buildah: Buildah, program: Program): Promise<void> {
  const cache = path.join(homedir(), '.npm');
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  await buildah(
    ...['build', '--isolation', 'chroot', '--layers', '--pull-never', '--quiet'],
    ...['--build-arg', `BUILD_IMAGE=${standIns.build}`, '--build-arg', `RUNTIME_IMAGE=${standIns.runtime}`],
    ...['--build-arg', `REVISION=${revision}`],
    // What npm has fetched for this tree already is not fetched again.
    ...['--volume', `${cache}:/root/.npm`, '--network', 'host'],
    ...(authorities ? ['--volume', `${authorities}:${authorities}:ro`] : []),
    ...['--file', path.join(root, `Dockerfile.${program}`), '--tag', nameOf(program), root],
  );
}

async function answers(url: string, output: () => string): Promise<void> {
  const ok = () =>
    fetch(url).then(
      ({ status }) => status === 200,
      () => false,
    );
  await eventually(`200 of ${url}`, ok, patienceMs).catch((error: unknown) => {
    throw new Error(`it printed:\n${output()}`, { cause: error });
  });
}

/** What is ours is what counts: the base is a stand-in. */
async function tellSizes(t: TestContext, buildah: Buildah, program: Program): Promise<void> {
  const sizes = JSON.parse(await buildah('images', '--json')) as { names?: string[]; size: string }[];
  const whole = sizes.find(({ names }) => names?.includes(nameOf(program)))?.size ?? '?';
  const base = sizes.find(({ names }) => names?.includes(`${standIns.runtime}:latest`))?.size ?? '?';
  t.diagnostic(`lingua-${program}: ${whole}, of which the stand-in base ${base}`);
}
