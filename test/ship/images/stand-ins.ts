/**
 * Stand-ins for the two base images, made of this machine's own programs: the pinned Node with the libraries it is linked
 * to, and for building also npm and a shell. What is tested is our part of the images, not the bases.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Buildah } from './buildah.ts';

export const standIns = { build: 'localhost/stand-in-build', runtime: 'localhost/stand-in-runtime' } as const;

/** As in the distroless image: the program is here, and nothing else is. */
const runtimeNode = '/nodejs/bin/node';

export async function makeStandIns(buildah: Buildah): Promise<void> {
  const files = await mkdtemp(path.join(tmpdir(), 'lingua-base-'));
  try {
    await mkdir(path.join(files, 'etc'));
    await mkdir(path.join(files, 'tmp'), { mode: 0o1777 });
    const accounts =
      'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
    await writeFile(path.join(files, 'etc/passwd'), accounts);
    await makeRuntime(buildah, files);
    await makeBuild(buildah, files);
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

async function makeRuntime(buildah: Buildah, files: string): Promise<void> {
  const container = await buildah('from', 'scratch');
  await buildah('copy', container, files, '/');
  await copyProgram(buildah, container, process.execPath, runtimeNode);
  await buildah('config', '--user', '65532', '--workingdir', '/', container);
  await buildah('commit', '--quiet', '--rm', container, standIns.runtime);
}

async function makeBuild(buildah: Buildah, files: string): Promise<void> {
  const container = await buildah('from', 'scratch');
  await buildah('copy', container, files, '/');
  await copyProgram(buildah, container, process.execPath, '/usr/local/bin/node');
  await copyProgram(buildah, container, await realpath('/bin/sh'), '/bin/sh');
  const npm = await npmPackage();
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  await buildah('copy', container, npm.directory, npm.directory);
  const variables = {
    PATH: '/src/node_modules/.bin:/usr/local/bin:/bin',
    HOME: '/root',
    // Where Debian's npm, which is spread over many packages, finds its parts.
    NODE_PATH: npm.directory,
    ...(authorities ? { NODE_EXTRA_CA_CERTS: authorities } : {}),
  };
  const settings = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  await buildah('config', ...settings, container);
  const script = `#!/bin/sh\nexec node ${npm.main} "$@"\n`;
  const write = `require('fs').writeFileSync('/usr/local/bin/npm', ${JSON.stringify(script)}, { mode: 0o755 })`;
  await buildah('run', '--isolation', 'chroot', container, '--', '/usr/local/bin/node', '-e', write);
  await buildah('commit', '--quiet', '--rm', container, standIns.build);
}

/** The npm of this machine: what to start, and the folder that holds it with what it needs. */
async function npmPackage(): Promise<{ main: string; directory: string }> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v npm']);
  const main = await realpath(stdout.trim());
  const own = path.resolve(main, '../..');
  return { main, directory: existsSync(path.join(own, 'node_modules')) ? own : path.dirname(own) };
}

async function copyProgram(buildah: Buildah, container: string, file: string, as: string): Promise<void> {
  await buildah('copy', container, await realpath(file), as);
  const { stdout } = await promisify(execFile)('ldd', [file]);
  const libraries = stdout.match(/\/[^\s]+(?=\s\(0x)/g) ?? [];
  for (const library of new Set(libraries))
    await buildah('copy', container, await realpath(library), library);
}
