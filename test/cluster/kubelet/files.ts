/**
 * The files of a volume, as data. Volumes that only hold what the API says (configMap, secret, downwardAPI, projected) become a
 * map from path to content; the others are directories somebody else fills.
 */
import type { Pod } from '../../../operator/kube/resources.ts';
import { podField, resourceField, type Placement } from './fields.ts';
import type { RequestToken, Sources } from './sources.ts';

export type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];
type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];
type Item = NonNullable<NonNullable<Volume['configMap']>['items']>[number];
type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

export interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
}
export type Files = ReadonlyMap<string, VolumeFile>;
export type VolumeContent = { readonly files: Files } | { readonly missing: string };

export interface FileContext {
  readonly pod: Pod;
  readonly placement: Placement;
  readonly sources: Sources;
  readonly requestToken: RequestToken;
}

/** Undefined for a volume that is not made of API objects. */
export async function volumeContent(
  volume: Volume,
  context: FileContext,
): Promise<VolumeContent | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? 0o644;
  if (configMap) return fromConfigMap(configMap, mode, context);
  if (secret) return fromSecret({ ...secret, name: secret.secretName ?? '' }, mode, context);
  if (downwardAPI) return fromFields(downwardAPI.items ?? [], mode, context);
  if (projected) return fromProjections(projected.sources ?? [], mode, context);
  return undefined;
}

async function fromProjections(
  projections: readonly Projection[],
  mode: number,
  context: FileContext,
): Promise<VolumeContent> {
  const files = new Map<string, VolumeFile>();
  for (const projection of projections) {
    const content = await fromProjection(projection, mode, context);
    if ('missing' in content) return content;
    for (const [path, file] of content.files) files.set(path, file);
  }
  return { files };
}

async function fromProjection(
  { configMap, secret, downwardAPI, serviceAccountToken }: Projection,
  mode: number,
  context: FileContext,
): Promise<VolumeContent> {
  if (configMap) return fromConfigMap(configMap, mode, context);
  if (secret) return fromSecret(secret, mode, context);
  if (downwardAPI) return fromFields(downwardAPI.items ?? [], mode, context);
  if (!serviceAccountToken) return { missing: 'a projected source of this kind is not supported' };
  const { path, audience, expirationSeconds = 3600 } = serviceAccountToken;
  const request = { expirationSeconds, ...(audience ? { audience } : {}) };
  const content = Buffer.from(await context.requestToken(context.pod, request));
  return { files: new Map([[path, { content, mode: 0o600 }]]) };
}

interface Named {
  readonly name?: string;
  readonly items?: readonly Item[];
  readonly optional?: boolean;
}

function fromConfigMap(source: Named, mode: number, { pod, sources }: FileContext): VolumeContent {
  const name = source.name ?? '';
  const found = sources.configMap(pod.metadata.namespace ?? '', name);
  if (!found) return absent('configmap', source);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(found.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(found.binaryData ?? {})) {
    data.set(key, Buffer.from(value, 'base64'));
  }
  return picked(data, source, mode);
}

function fromSecret(source: Named, mode: number, { pod, sources }: FileContext): VolumeContent {
  const found = sources.secret(pod.metadata.namespace ?? '', source.name ?? '');
  if (!found) return absent('secret', source);
  const data = Object.entries(found.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  );
  return picked(new Map(data), source, mode);
}

const absent = (kind: string, { name = '', optional }: Named): VolumeContent =>
  optional ? { files: new Map() } : { missing: `${kind} "${name}" not found` };

/** All keys as files, or the listed ones under the listed paths. */
function picked(data: ReadonlyMap<string, Buffer>, { items, optional }: Named, mode: number): VolumeContent {
  const files = new Map<string, VolumeFile>();
  if (!items) for (const [key, content] of data) files.set(key, { content, mode });
  for (const item of items ?? []) {
    const content = data.get(item.key);
    if (content) files.set(item.path, { content, mode: item.mode ?? mode });
    else if (!optional) return { missing: `references non-existent config key: ${item.key}` };
  }
  return { files };
}

function fromFields(
  items: readonly DownwardItem[],
  mode: number,
  { pod, placement }: FileContext,
): VolumeContent {
  const files = new Map<string, VolumeFile>();
  for (const item of items) {
    const value = item.fieldRef
      ? podField(pod, item.fieldRef.fieldPath, placement)
      : resourceField(pod, '', item.resourceFieldRef ?? { resource: '' });
    if (value === undefined) return { missing: `the field of ${item.path} is not supported` };
    files.set(item.path, { content: Buffer.from(value), mode: item.mode ?? mode });
  }
  return { files };
}
