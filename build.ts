/** Bundles each program into one file, `dist/<name>.mjs`, which an image runs without node_modules. */
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

for (const [name, entry] of Object.entries(programs)) {
  const result = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile: `dist/${name}.mjs`,
    sourcemap: 'linked',
    legalComments: 'linked',
    // Optional native speed-ups of ws: it works without them, and an image should not carry native code.
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: requireShim },
    metafile: true,
    plugins: [embedPage],
  });
  const bytes = result.metafile.outputs[`dist/${name}.mjs`]?.bytes ?? 0;
  console.log(`dist/${name}.mjs  ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
}
