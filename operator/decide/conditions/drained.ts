/** Drained: every instance that leaves has nothing left to do. */
import { count } from '../../../common/count.ts';
import { verdict, type Verdict } from '../../api/conditions.ts';
import type { Leaver } from '../leaving.ts';
import { isAlive, reportOf } from '../pods.ts';
import { wholeSeconds } from '../time.ts';
import { instances, type Facts } from './facts.ts';

/** So many are told of one by one; the others are in status.instances. */
const toldMax = 4;

export function drained(facts: Facts): Verdict {
  const draining = facts.plan.leavers.filter(({ pod, mayGo }) => isAlive(pod) && !mayGo);
  if (draining.length === 0)
    return verdict('True', 'NothingLeaves', 'No instance has work to finish before it leaves.');
  const each = draining.slice(0, toldMax).map((leaver) => progressOf(facts, leaver));
  const others = draining.length > toldMax ? [`${String(draining.length - toldMax)} more`] : [];
  return verdict(
    'False',
    'Draining',
    `${instances(draining.length)} to drain: ${[...each, ...others].join('; ')}.`,
  );
}

function progressOf({ seen }: Facts, { pod, deadlineMs }: Leaver): string {
  const report = reportOf(seen, pod);
  const until = `until ${wholeSeconds(deadlineMs)} at most`;
  if (!report) return `${pod.metadata.name} does not answer, ${until}`;
  const { connections, jobs } = report;
  const left = [
    count(connections.sessions, 'session'),
    count(connections.nodes, 'node'),
    count(jobs.waiting + jobs.running, 'job'),
  ];
  return `${pod.metadata.name} has ${left.join(', ')} left, ${until}`;
}
