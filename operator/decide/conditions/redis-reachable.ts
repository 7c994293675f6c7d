/** RedisReachable: what the instances say of Redis. The operator itself never talks to it. */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import { loginsOf } from '../logins.ts';
import { answerOf, isAlive, isReady } from '../pods.ts';
import { instances, previous, wantedPods, type Facts } from './facts.ts';

export function redisReachable(facts: Facts): Verdict {
  const [missing] = facts.seen.secretFaults;
  if (missing !== undefined) return verdict('False', 'SecretMissing', `${capital(missing)}.`);
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
      reasonOf(first.redis.error ?? ''),
      `${who}${verb} Redis; ${first.name} says: ${first.redis.error ?? 'no reason'}.`,
    );
  }
  // An operator that has just started asks one after another, and tells of none before it has asked all.
  const isHalfAsked = answers.some(({ pod, answer }) => isReady(pod) && !answer);
  const known = isHalfAsked ? asBefore(facts) : undefined;
  if (known) return known;
  if (reports.length > 0) return rotating(facts) ?? reachable(reports.length);
  const silent = answers.find(({ answer }) => answer?.kind === 'silent');
  if (silent?.answer?.kind === 'silent') {
    const detail = `${silent.pod.metadata.name}: ${silent.answer.error}.`;
    return verdict('Unknown', 'NoInstanceAnswers', `No instance has answered. ${detail}`);
  }
  return unasked(facts);
}

const reachable = (count: number): Verdict =>
  verdict('True', 'Reachable', `${instances(count)} reach${count === 1 ? 'es' : ''} Redis.`);

/** They reach it, some still with what the Secrets said before. */
function rotating(facts: Facts): Verdict | undefined {
  const logins = loginsOf(facts.seen, wantedPods(facts));
  if (!logins || logins.behind.length === 0) return undefined;
  const refused = logins.behind.find(({ refused }) => refused !== null);
  if (refused) {
    const why = `${refused.name} works on with what it logged in with before; of what the Secret says now: ${refused.refused ?? ''}`;
    return verdict('True', 'NewCredentialsRefused', `${why}.`);
  }
  const done = `${String(logins.asked - logins.behind.length)} of ${instances(logins.asked)}`;
  return verdict('True', 'CredentialsRotating', `${done} log in to Redis with what the Secret says now.`);
}

/** A refusal is no outage: other people can mend it. */
function reasonOf(error: string): Reason {
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password|username-password/i.test(error)) return 'AuthRefused';
  return /certificate|self.signed|\bTLS\b|\bSSL\b/i.test(error) ? 'CertificateRefused' : 'Unreachable';
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** An operator that has just started has asked nobody yet; that says nothing against what was known. */
const unasked = (facts: Facts): Verdict =>
  asBefore(facts) ?? verdict('Unknown', 'NoInstanceAnswers', 'No instance was asked yet.');

/** What was known of this generation. */
function asBefore(facts: Facts): Verdict | undefined {
  const before = previous(facts, 'RedisReachable');
  const isOfThisWish = before?.observedGeneration === facts.cluster.metadata.generation;
  if (!before || !isOfThisWish || !wantedPods(facts).some(isReady)) return undefined;
  return { status: before.status, reason: before.reason as Reason, message: before.message };
}
