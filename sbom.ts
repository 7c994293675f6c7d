/**
 * Writes what each bundle is made of as CycloneDX 1.5, `<directory>/<name>.cdx.json`. npm tells names, versions, licences and
 * hashes from the lockfile; the bundler tells which packages really went in. Without time and serial number, so that the
 * same bundle has the same bill.
 *
 *   node sbom.ts [directory]     `dist` unless told otherwise
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundleAll, type Bundle } from './build.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn: readonly string[];
}

interface Bill {
  readonly metadata: { readonly component: Component; readonly tools: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

const root = import.meta.dirname;

export async function writeBills(directory: string): Promise<{ file: string; packages: number }[]> {
  const bundles = await bundleAll(directory);
  const whole = await billOfTree();
  return Promise.all(
    bundles.map(async (bundle) => {
      const bill = billOf(bundle, await packagesIn(bundle), whole);
      const file = path.join(directory, `${bundle.name}.cdx.json`);
      await writeFile(file, `${JSON.stringify(bill, null, 2)}\n`);
      return { file, packages: bill.components.length };
    }),
  );
}

async function billOfTree(): Promise<Bill> {
  const args = ['sbom', '--sbom-format', 'cyclonedx'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as Bill;
}

/** `name@version` of every package with a file in the bundle. */
async function packagesIn({ inputs }: Bundle): Promise<Set<string>> {
  const folders = inputs.flatMap(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
  const read = async (folder: string) => {
    const text = await readFile(path.join(root, folder, 'package.json'), 'utf8');
    const { name, version } = JSON.parse(text) as { name: string; version: string };
    return `${name}@${version}`;
  };
  return new Set(await Promise.all([...new Set(folders)].map(read)));
}

function billOf({ name }: Bundle, packages: ReadonlySet<string>, whole: Bill): Bill {
  const components = whole.components.filter((component) => packages.has(component['bom-ref']));
  const unknown = [...packages].filter(
    (ref) => !components.some((component) => component['bom-ref'] === ref),
  );
  if (unknown.length > 0)
    throw new Error(`${name} holds packages that npm does not list: ${unknown.join(', ')}`);
  const { tools, component } = whole.metadata;
  const title = name.includes('lingua') ? name : `lingua-${name}`;
  const ref = `${title}@${component.version}`;
  const application = {
    ...component,
    'bom-ref': ref,
    type: 'application',
    name: title,
    purl: `pkg:generic/${ref}`,
  };
  const dependencies = whole.dependencies
    .map((each) => (each.ref === component['bom-ref'] ? { ...each, ref } : each))
    .filter((each) => each.ref === ref || packages.has(each.ref))
    .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((on) => packages.has(on)) }));
  const { bomFormat, specVersion, version } = whole as Bill & Record<string, unknown>;
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat,
    specVersion,
    version,
  };
  return { ...head, metadata: { tools, component: application }, components, dependencies };
}

if (import.meta.main) {
  for (const { file, packages } of await writeBills(process.argv[2] ?? 'dist')) {
    console.log(`${file}  ${packages} packages`);
  }
}
