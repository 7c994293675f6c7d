/** RedisReachable: what the instances say of Redis. The operator itself never talks to it. */
import { verdict, type Verdict } from '../../api/conditions.ts';
import { answerOf, isAlive } from '../pods.ts';
import { instances, wantedPods, type Facts } from './facts.ts';

export function redisReachable(facts: Facts): Verdict {
  const answers = wantedPods(facts)
    .filter(isAlive)
    .map((pod) => ({ pod, answer: answerOf(facts.seen, pod) }));
  const reports = answers.flatMap(({ pod, answer }) =>
    answer?.kind === 'report' ? [{ name: pod.metadata.name, redis: answer.report.redis }] : [],
  );
  const failing = reports.filter(({ redis }) => !redis.reachable);
  const [first] = failing;
  if (first) {
    const who = failing.length === reports.length ? 'No instance' : `${first.name} does not`;
    const verb = failing.length === reports.length ? ' reaches' : ' reach';
    return verdict(
      'False',
      'Unreachable',
      `${who}${verb} Redis; ${first.name} says: ${first.redis.error ?? 'no reason'}.`,
    );
  }
  if (reports.length > 0) return verdict('True', 'Reachable', `${instances(reports.length)} reach Redis.`);
  const silent = answers.find(({ answer }) => answer?.kind === 'silent');
  const detail =
    silent?.answer?.kind === 'silent'
      ? `${silent.pod.metadata.name}: ${silent.answer.error}.`
      : 'None was asked yet.';
  return verdict('Unknown', 'NoInstanceAnswers', `No instance has answered. ${detail}`);
}
