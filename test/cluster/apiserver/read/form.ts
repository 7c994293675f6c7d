/** In which form a client wants objects: as they are, as a table for people, or as their metadata only. */
import type { JsonObject } from '../../../../operator/schema/json.ts';
import type { Column, Kind } from '../kinds/kind.ts';
import { groupVersion } from '../kinds/kind.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { notAcceptable } from '../status.ts';

export type Form = 'object' | 'table' | 'metadata';

const served = 'application/json, application/json;stream=watch';

/** The first accepted form that is served. Protobuf is not, but nobody who asks for it refuses JSON. */
export function formOf(accept: string): Form {
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim());
    if (!/^(|\*\/\*|application\/(json|\*|yaml))$/.test(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'object';
    if (as === 'Table') return 'table';
    if (as.startsWith('PartialObjectMetadata')) return 'metadata';
  }
  throw notAcceptable(served);
}

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface View {
  readonly kind: Kind;
  readonly form: Form;
  readonly now: number;
  /** What table rows carry of their object: None, Metadata or Object. */
  readonly includeObject: string;
}

const partial = ({ metadata }: ApiObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

export function render(view: View, object: ApiObject): JsonObject {
  if (view.form === 'object') return object;
  if (view.form === 'metadata') return partial(object);
  return table(view, [object], { resourceVersion: object.metadata.resourceVersion ?? '' });
}

export function renderList(view: View, items: readonly ApiObject[], metadata: ListMeta): JsonObject {
  const { kind, form } = view;
  if (form === 'table') return table(view, items, metadata);
  if (form === 'metadata') {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { ...metadata },
      items: items.map(partial),
    };
  }
  return {
    kind: kind.listKind,
    apiVersion: groupVersion(kind),
    metadata: { ...metadata },
    items: [...items] as JsonObject[],
  };
}

const columnDefinition = ({
  name,
  type,
  format = '',
  description = '',
  priority = 0,
}: Column): JsonObject => ({
  name,
  type,
  format,
  description,
  priority,
});

function table(view: View, items: readonly ApiObject[], metadata: ListMeta): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { ...metadata },
    columnDefinitions: view.kind.columns.map(columnDefinition),
    rows: items.map((object) => row(view, object)),
  };
}

function row({ kind, now, includeObject }: View, object: ApiObject): JsonObject {
  const cells = kind.columns.map((column) => column.cell(object, now));
  if (includeObject === 'None') return { cells };
  return { cells, object: includeObject === 'Object' ? object : partial(object) };
}
