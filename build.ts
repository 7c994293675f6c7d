/**
 * Bundles each program into one file, `<directory>/<name>.mjs`, which an image runs without node_modules. The same sources
 * give the same bytes, maps included, wherever they lie and wherever the bundle goes.
 *
 *   node build.ts [directory]     `dist` unless told otherwise
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { assets } from './scheduler/surfaces/dashboard/assets.ts';

const programs = { scheduler: 'scheduler/main.ts', operator: 'operator/main.ts' };

// Some dependencies are CommonJS and call `require`, which an ES module does not have by itself.
const requireShim = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);";

/** The page of the dashboard stands in files beside its module; in one file it is text. */
const embedPage: esbuild.Plugin = {
  name: 'embed-page',
  setup(build) {
    build.onLoad({ filter: /surfaces\/dashboard\/assets\.ts$/ }, () => ({
      contents: `export const assets = ${JSON.stringify(assets)};`,
      loader: 'js',
    }));
  },
};

export interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  /** Every file that went into it, by its path in the repository. */
  readonly inputs: readonly string[];
}

export function bundleAll(directory: string): Promise<Bundle[]> {
  return Promise.all(Object.entries(programs).map(([name, entry]) => bundle(name, entry, directory)));
}

async function bundle(name: string, entry: string, directory: string): Promise<Bundle> {
  const { metafile, outputFiles } = await esbuild.build({
    entryPoints: [entry],
    absWorkingDir: import.meta.dirname,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Maps name their sources relative to it, so it is the same for every directory.
    outfile: `dist/${name}.mjs`,
    write: false,
    sourcemap: 'linked',
    legalComments: 'linked',
    // Optional native speed-ups of ws: it works without them, and an image should not carry native code.
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: requireShim },
    metafile: true,
    plugins: [embedPage],
  });
  await mkdir(directory, { recursive: true });
  for (const { path: output, contents } of outputFiles) {
    await writeFile(path.join(directory, path.basename(output)), contents);
  }
  const file = path.join(directory, `${name}.mjs`);
  const bytes = metafile.outputs[`dist/${name}.mjs`]?.bytes ?? 0;
  return { name, file, bytes, inputs: Object.keys(metafile.inputs) };
}

if (import.meta.main) {
  for (const { file, bytes } of await bundleAll(process.argv[2] ?? 'dist')) {
    console.log(`${file}  ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
  }
}
