/**
 * `scheduler check-config FILE...`: all faults of each file, what it sets beside the defaults, and what files of one fleet
 * must have alike or different.
 */
import { readFile } from 'node:fs/promises';
import { exitCodes } from '../../common/signals.ts';
import { describeFaults, type Fault } from '../config/faults.ts';
import { readConfig } from '../config/load.ts';
import { Config } from '../config/schema.ts';
import { adviceOn } from './config-advice.ts';
import { asJson, type ToolReport } from './report.ts';

interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly default: unknown;
}

interface CheckedFile {
  readonly file: string;
  readonly faults: readonly Fault[];
  /** What differs from the defaults. */
  readonly settings: readonly Setting[];
  readonly warnings: readonly string[];
  readonly config: Config | undefined;
}

/** All instances of a fleet must agree on these, or they do not meet. */
const fleetWide = [
  'scheduler.phase2.enabled',
  'scheduler.phase2.stream_group',
  'scheduler.phase2.redis.mode',
  'scheduler.phase2.redis.url',
  'scheduler.phase2.redis.cluster_urls',
  'scheduler.phase2.redis.key_prefix',
];

export async function checkConfig(files: readonly string[], json: boolean): Promise<ToolReport> {
  const alone = await Promise.all(files.map(checkFile));
  const checked = alone.map((file, at) => ({
    ...file,
    faults: [...file.faults, ...sameId(file, alone.slice(0, at))],
    warnings: [...file.warnings, ...apart(file, alone[0])],
  }));
  const faulty = checked.some(({ faults }) => faults.length > 0);
  const output = json ? asJson(checked.map(forMachines)) : checked.map(forPeople).join('\n');
  return { exitCode: faulty ? exitCodes.config : exitCodes.ok, output };
}

async function checkFile(file: string): Promise<CheckedFile> {
  const nothing = { file, faults: [], settings: [], warnings: [], config: undefined };
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const what = `cannot be read: ${(error as Error).message}`;
    return { ...nothing, faults: [{ line: undefined, key: '', what }] };
  }
  const read = readConfig(text);
  if (!read.ok) return { ...nothing, faults: read.faults };
  const { config, ineffective } = read;
  const withoutEffect = ineffective.map(
    ({ key, line }) =>
      `${line === undefined ? '' : `line ${String(line)}: `}${key} has no effect in this version`,
  );
  return {
    ...nothing,
    settings: settingsOf(config),
    warnings: [...withoutEffect, ...adviceOn(config)],
    config,
  };
}

/** Two files with one id are two processes of which one is refused. */
function sameId({ config }: CheckedFile, others: readonly CheckedFile[]): Fault[] {
  const id = config?.scheduler.phase2.instance_id.trim() ?? '';
  if (!config?.scheduler.phase2.enabled || ['', 'auto'].includes(id)) return [];
  const place = (of: Config) => JSON.stringify(of.scheduler.phase2.redis);
  const twin = others.find(
    (other) =>
      other.config?.scheduler.phase2.instance_id.trim() === id && place(other.config) === place(config),
  );
  if (!twin) return [];
  const key = 'scheduler.phase2.instance_id';
  return [{ line: undefined, key, what: `${JSON.stringify(id)} is also that of ${twin.file}` }];
}

function apart({ config }: CheckedFile, first: CheckedFile | undefined): string[] {
  if (!config || !first?.config || config === first.config) return [];
  const values = flatten(config);
  const others = flatten(first.config);
  return fleetWide
    .filter((key) => !same(values.get(key), others.get(key)))
    .map((key) => `${key} differs from ${first.file}: the two do not work together`);
}

function settingsOf(config: Config): Setting[] {
  const defaults = flatten(Config.parse({}));
  return [...flatten(config)]
    .filter(([key, value]) => !same(value, defaults.get(key)))
    .map(([key, value]) => ({ key, value: masked(value), default: defaults.get(key) }));
}

/** Values by dotted key; a list is one value. */
function flatten(value: object, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, child] of Object.entries(value) as [string, unknown][]) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof child === 'object' && child !== null && !Array.isArray(child))
      for (const [inner, leaf] of flatten(child, key)) flat.set(inner, leaf);
    else flat.set(key, child);
  }
  return flat;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Without passwords of URLs. */
const masked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/\/\/[^/@"]*@/g, '//***@')) as unknown;

const forMachines = ({ file, faults, settings, warnings }: CheckedFile) => ({
  file,
  ok: faults.length === 0,
  faults,
  settings,
  warnings,
});

function forPeople({ file, faults, settings, warnings }: CheckedFile): string {
  const head = faults.length > 0 ? describeFaults(file, faults) : `${file}: ok`;
  const width = Math.max(0, ...settings.map(({ key }) => key.length));
  const lines = [
    head,
    ...settings.map(
      ({ key, value, default: usual }) =>
        `  ${key.padEnd(width)} = ${JSON.stringify(value)}  (default ${JSON.stringify(usual)})`,
    ),
    ...warnings.map((what) => `  warning: ${what}`),
  ];
  return `${lines.join('\n')}\n`;
}
