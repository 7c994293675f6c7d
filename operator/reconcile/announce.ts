/** Events on the cluster: what was made, what was changed, and what somebody else had changed. */
import { count } from '../../common/count.ts';
import { appliedHashAnnotation, templateHashAnnotation } from '../api/labels.ts';
import { eventKinds, type EventReason } from '../api/events.ts';
import type { KubeObject } from '../kube/kube.ts';
import type { Pass } from './pass.ts';

interface Written {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject;
  /** The first field that differed; undefined when only a field is no longer wished for. */
  readonly field: string | undefined;
}

export function announceWrite(pass: Pass, { before, after, field }: Written): void {
  const what = `${after.kind} ${after.metadata.name}`;
  if (!before) {
    pass.created.push(what);
  } else if (hashOf(before) === hashOf(after)) {
    tell(
      pass,
      'DriftHealed',
      `${what}: somebody else had changed ${field ?? 'a field'}; it is as this object asks again.`,
    );
  } else if (replicasOf(before) !== replicasOf(after)) {
    tell(
      pass,
      'Scaled',
      `Scaled from ${String(replicasOf(before))} to ${count(replicasOf(after) ?? 0, 'instance')}.`,
    );
  } else if (field === undefined || !toldElsewhere.has(field)) {
    tell(pass, 'Updated', `Updated ${what}${field === undefined ? '' : `: ${field}`}.`);
  }
}

/** What one pass makes is told at once, before whatever follows from it. */
export function announceCreated(pass: Pass): void {
  const created = pass.created.splice(0);
  if (created.length > 0) tell(pass, 'Created', `Created ${created.join(', ')}.`);
}

/** By announce-rollout.ts, as a story. */
const toldElsewhere: ReadonlySet<string> = new Set([
  `metadata.annotations.${templateHashAnnotation}`,
  'spec.updateStrategy.rollingUpdate',
  'spec.updateStrategy.rollingUpdate.partition',
]);

export function announceDeleted(pass: Pass, kind: string, object: KubeObject): void {
  tell(pass, 'Deleted', `Deleted ${kind} ${object.metadata.name}, which is not needed any more.`);
}

export function tell(pass: Pass, reason: EventReason, note: string): void {
  announceCreated(pass);
  const { cluster, deps } = pass;
  deps.log.info({ reason, note }, 'changed');
  deps.events.record({ regarding: cluster, reason, ...eventKinds[reason], note });
}

const hashOf = ({ metadata }: KubeObject): string | undefined =>
  metadata.annotations?.[appliedHashAnnotation];

const replicasOf = (object: KubeObject): number | undefined =>
  (object as { spec?: { replicas?: number } }).spec?.replicas;
