/**
 * Bundles each program into one file, `<directory>/<name>.mjs`, which an image runs without node_modules, and the kubectl
 * plugin into `<directory>/kubectl-lingua`, which a person runs. The same sources give the same bytes, maps included, wherever
 * they lie and wherever the bundle goes. All text of a file stays in memory while its program runs, so of large dependencies only
 * what is called goes in ("Cost" in docs/design/operator.md).
 *
 *   node build.ts [directory]     `dist` unless told otherwise
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { definition } from './operator/validate/definition.ts';
import { assets } from './scheduler/surfaces/dashboard/assets.ts';

interface Program {
  readonly entry: string;
  readonly outfile: string;
  readonly options: esbuild.BuildOptions;
}

/** Text stays in memory as long as the program; names stay in it, for whoever reads a stack. */
const lean: esbuild.BuildOptions = { minifyWhitespace: true, minifySyntax: true, lineLimit: 200 };

/** Two files beside the program say what it was made of: where a line comes from, and whose licences it carries. */
const inImage = (name: string, entry = `${name}/main.ts`): Program => ({
  entry,
  outfile: `${name}.mjs`,
  options: { target: 'node24', sourcemap: 'linked', legalComments: 'linked', ...lean },
});

/** One file, whatever is beside it; runs on the oldest Node that sees by itself that it is a module. */
const onPath: Program = {
  entry: 'operator/plugin/main.ts',
  outfile: 'kubectl-lingua',
  options: { target: 'node20.19', legalComments: 'eof' },
};

const programs: Readonly<Record<string, Program>> = {
  scheduler: inImage('scheduler'),
  operator: inImage('operator'),
  'kubectl-lingua': onPath,
};

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

/** So does the definition of SchedulerCluster; explanations are for `kubectl explain`, and stay out. */
const embedDefinition: esbuild.Plugin = {
  name: 'embed-definition',
  setup(build) {
    const lean = JSON.stringify(definition, (key, value: unknown) =>
      key === 'description' && typeof value === 'string' ? undefined : value,
    );
    build.onLoad({ filter: /operator\/validate\/definition\.ts$/ }, () => ({
      contents: `export const definition = JSON.parse(${JSON.stringify(lean)});`,
      loader: 'js',
    }));
  },
};

/**
 * The client library of Kubernetes is there to read kubeconfigs. Its HTTP client, its SOCKS proxies and the models of all kinds are
 * two thirds of the operator's text if nobody says that they are never called.
 */
const leaveOutUncalled: esbuild.Plugin = {
  name: 'leave-out-uncalled',
  setup(build) {
    const uncalled = /^(undici|socks|socks-proxy-agent|\.\/gen\/index\.js)$/;
    build.onResolve({ filter: uncalled }, ({ path: module, importer }) =>
      importer.includes('@kubernetes/client-node/') ? { path: module, namespace: 'uncalled' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'uncalled' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Text with a letter beyond ASCII takes twice the memory; the bundler writes such letters as escapes, but not in patterns. */
const escapePatterns: esbuild.Plugin = {
  name: 'escape-patterns',
  setup(build) {
    build.onLoad({ filter: /@marcbachmann\/cel-js\/.*\.js$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replaceAll('µ', String.raw`\u00b5`),
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
  return Promise.all(Object.entries(programs).map(([name, program]) => bundle(name, program, directory)));
}

/** Answers with the program's file. */
export async function bundlePlugin(directory: string): Promise<string> {
  return (await bundle('kubectl-lingua', onPath, directory)).file;
}

async function bundle(
  name: string,
  { entry, outfile, options }: Program,
  directory: string,
): Promise<Bundle> {
  const { metafile, outputFiles } = await esbuild.build({
    ...options,
    entryPoints: [entry],
    absWorkingDir: import.meta.dirname,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Maps name their sources relative to it, so it is the same for every directory.
    outfile: `dist/${outfile}`,
    write: false,
    // Optional native speed-ups of ws: it works without them, and an image should not carry native code.
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: requireShim },
    metafile: true,
    plugins: [embedPage, embedDefinition, leaveOutUncalled, escapePatterns],
  });
  await mkdir(directory, { recursive: true });
  for (const { path: output, contents } of outputFiles) {
    const mode = path.basename(output) === onPath.outfile ? 0o755 : 0o644;
    await writeFile(path.join(directory, path.basename(output)), contents, { mode });
  }
  const file = path.join(directory, outfile);
  const bytes = metafile.outputs[`dist/${outfile}`]?.bytes ?? 0;
  return { name, file, bytes, inputs: Object.keys(metafile.inputs) };
}

if (import.meta.main) {
  for (const { file, bytes } of await bundleAll(process.argv[2] ?? 'dist')) {
    console.log(`${file}  ${(bytes / 1024 / 1024).toFixed(1)} MiB`);
  }
}
