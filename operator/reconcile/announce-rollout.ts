/** Tells the story of a rollout: that it begins and why, which instance is updated, that the last one was. */
import { templateHashAnnotation } from '../api/labels.ts';
import type { Plan } from '../decide/plan.ts';
import { isAlive } from '../decide/pods.ts';
import { restartReasons } from '../decide/restart-reasons.ts';
import type { StatefulSet } from '../kube/resources.ts';
import type { Pass } from './pass.ts';
import { tell } from './announce.ts';

interface Change {
  readonly before: StatefulSet | undefined;
  readonly after: StatefulSet | undefined;
}

export function announceRollout(pass: Pass, { update }: Plan, { before, after }: Change): void {
  if (!before?.spec || !after?.spec) return;
  const [was, is] = [before, after].map(({ metadata }) => metadata.annotations?.[templateHashAnnotation]);
  if (was !== undefined && was !== is) {
    const reasons = restartReasons(before.spec.template.spec, after.spec.template).join(', ');
    tell(pass, 'RolloutStarted', `Revision ${is ?? ''} is rolled out: ${reasons}.`);
  }
  const { leaver } = update;
  const [wasAt, isAt] = [before, after].map(
    ({ spec }) => spec?.updateStrategy?.rollingUpdate?.partition ?? 0,
  );
  if (!leaver || leaver.why !== 'Rollout' || !leaver.mayGo || !isAlive(leaver.pod) || wasAt === isAt) return;
  const reasons = restartReasons(leaver.pod.spec, after.spec.template).join(', ');
  tell(pass, 'Restarting', `${leaver.pod.metadata.name} restarts: ${reasons}.`);
}
