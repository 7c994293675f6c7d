/** The chart as Helm would render it, and as Helm renders it where it is installed. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../../support/images.ts';
import { definitionsIn, render } from './template.ts';

export const chartFolder = path.join(root, 'manifests/chart');

export type Values = Readonly<Record<string, unknown>>;

export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** Something other than the default everywhere, but for the scope. */
export const everyValue: Values = {
  image: { repository: 'registry.example/speech/operator', tag: '1.2.3', pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  replicas: 3,
  resources: { limits: { memory: '512Mi' } },
  nodeSelector: { pool: 'system' },
  tolerations: [{ key: 'system', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'DoesNotExist' }] }],
      },
    },
  },
  logLevel: 'debug',
  runbookUrl: 'https://docs.example/runbooks/{alert}.md',
  metrics: { port: 9090 },
  networkPolicy: { apiServerPorts: [7443] },
};

const read = (file: string): Promise<string> => readFile(path.join(chartFolder, file), 'utf8');

export const defaults = async (): Promise<Values> => parse(await read('values.yaml')) as Values;

/** Objects of all templates. @param release namespace of the release */
export async function rendered(values: Values, namespace = 'lingua-system'): Promise<KubeObject[]> {
  const names = (await readdir(path.join(chartFolder, 'templates'))).sort();
  const texts = await Promise.all(names.map((name) => read(`templates/${name}`)));
  const chart = parse(await read('Chart.yaml')) as { version: string; appVersion: string };
  const dot = {
    Values: merged(await defaults(), values),
    Release: { Namespace: namespace },
    Chart: { AppVersion: chart.appVersion },
  };
  const templates = definitionsIn(texts.filter((_, index) => names[index]?.startsWith('_')));
  return texts.flatMap((text, index) =>
    names[index]?.endsWith('.yaml') ? objectsIn(render(text, dot, templates)) : [],
  );
}

/** What the schema says against values, in words; empty when it takes them. */
export async function refusals(values: Values): Promise<string[]> {
  const schema = JSON.parse(await read('values.schema.json')) as object;
  const check = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
  check(merged(await defaults(), values));
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${String(message)}`);
}

/** The same by the real program; it refuses what its schema check refuses. */
export async function renderedByHelm(values: Values, namespace = 'lingua-system'): Promise<KubeObject[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-chart-'));
  try {
    const file = path.join(directory, 'values.json');
    await writeFile(file, JSON.stringify(values));
    // Without a cluster it would assume one of its own build's choice.
    const options = ['--namespace', namespace, '--values', file, '--kube-version', '1.33.0'];
    const args = ['template', 'lingua', chartFolder, ...options];
    const { stdout } = await promisify(execFile)('helm', args, { maxBuffer: 16 << 20 });
    return objectsIn(stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const helmIsHere: boolean = await promisify(execFile)('helm', ['version', '--short']).then(
  () => true,
  () => false,
);

export function objectsIn(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    return (document.toJS() as KubeObject | null) ?? [];
  });
}

/** Maps are merged, everything else is replaced. */
function merged(below: Values, above: Values): Values {
  const isMap = (value: unknown): value is Values =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const both = Object.entries(above).map(([key, value]) => {
    const under = below[key];
    return [key, isMap(under) && isMap(value) ? merged(under, value) : value] as const;
  });
  return { ...below, ...Object.fromEntries(both) };
}
