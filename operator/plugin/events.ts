/** Events as kubectl shows them. Pure. */
import type { KubeObject } from '../kube/kube.ts';

/** Of the core group, which has older names for the same things. */
export interface SeenEvent extends KubeObject {
  readonly involvedObject: { readonly kind?: string; readonly name?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
}

/** When it was last seen. */
export const eventTime = ({
  series,
  lastTimestamp,
  eventTime: time,
  firstTimestamp,
  metadata,
}: SeenEvent): string =>
  series?.lastObservedTime ?? lastTimestamp ?? time ?? firstTimestamp ?? metadata.creationTimestamp ?? '';
