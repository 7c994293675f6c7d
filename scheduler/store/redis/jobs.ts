/** Jobs in Redis: each verb is one script in the partition of the job's session. */
import type { Logger } from 'pino';
import type { Random } from '../../../common/clock.ts';
import { AppError } from '../../../common/errors.ts';
import { checkedId } from '../ids.ts';
import { allPartitions } from '../partition.ts';
import type { AcceptAnswer, JobRef, JobStore, MoveAnswer, Told } from '../store.ts';
import type { Commits } from './commits.ts';
import type { RedisConnection } from './connection.ts';
import { parseJob, stateOf } from '../job-record.ts';
import type { Keys } from './keys.ts';
import { createOpenJobs, memberOf, refOf } from './open-jobs.ts';
import { asList, asNumber, asText, asTextOrNil, asTexts } from './reply.ts';
import { dispatchScript } from './scripts/dispatch.ts';
import { overdueScript } from './scripts/overdue.ts';
import { requeueScript } from './scripts/requeue.ts';

interface Parts {
  readonly keys: Keys;
  readonly commands: Pick<RedisConnection, 'command' | 'run'>;
  readonly commits: Commits;
  /** Whether one script call may touch every slot. */
  readonly grouped: boolean;
  readonly random: Random;
  readonly log: Logger;
}

export function createRedisJobs({ keys, commands, commits, grouped, random, log }: Parts): JobStore {
  const openJobs = createOpenJobs(keys, commands);
  const jobAndDue = (job: JobRef) => {
    const own = keys.ofJob(job.sessionId, job.jobId);
    return [own.job, own.due];
  };

  /** A record that is forgotten while its request is still remembered was finished long ago. */
  const duplicateOf = async (sessionId: string, jobId: string): Promise<AcceptAnswer> => {
    const record = asTextOrNil(await commands.command('GET', [keys.ofJob(sessionId, jobId).job]));
    return { kind: 'duplicate', jobId, state: record === undefined ? 'finished' : stateOf(record) };
  };

  /** What became of the hint that went with a move; one that was sent is logged under the guide's words. */
  const toldOf = (to: string | undefined, told: string | undefined): Told => {
    if (told !== 'sent' && told !== 'busy' && told !== 'no_owner') return {};
    if (told === 'sent') log.debug({ to }, 'Enqueued to instance inbox');
    return { told };
  };

  return {
    async accept(job, target, tell) {
      const [kind, more] = (await commits.accept(job, target, tell)).split(' ');
      if (kind === 'fenced') return { kind };
      if (kind === 'accepted') return { kind, ...toldOf(target?.instanceId, more) };
      if (kind === 'duplicate' && more !== undefined) return duplicateOf(job.sessionId, more);
      throw new AppError('internal', `unexpected answer '${kind ?? ''}' to a new job`);
    },

    async dispatch({ attempt, target, deadlineMs, countsAsFailover, ...job }) {
      const place = [checkedId(target.nodeId, 'node'), checkedId(target.instanceId, 'instance')];
      const args = [memberOf(job), attempt, ...place, deadlineMs, countsAsFailover ? 1 : 0];
      const reply = asList(await commands.run(dispatchScript, jobAndDue(job), args));
      return moveAnswer(reply, 'dispatched', () => ({ kind: 'dispatched', attempt: asNumber(reply[1]) }));
    },

    async requeue({ attempt, deadlineMs, ...job }) {
      const args = [memberOf(job), attempt, deadlineMs];
      const reply = asList(await commands.run(requeueScript, jobAndDue(job), args));
      return moveAnswer(reply, 'requeued', () => ({ kind: 'requeued' }));
    },

    async finish(move, tell) {
      const reply = (await commits.finish(move, tell)).split(' ');
      const [, seq, owner, told] = reply;
      return moveAnswer(reply, 'done', () => ({
        kind: 'done',
        seq: asNumber(seq),
        owner: owner === '' ? undefined : owner,
        ...toldOf(owner, told),
      }));
    },

    async get(job) {
      const { job: key, audio } = keys.ofJob(job.sessionId, job.jobId);
      const [record, apart] = asList(await commands.command('MGET', [key, audio])).map(asTextOrNil);
      return record === undefined ? undefined : parseJob(job, record, apart);
    },

    async overdue(graceMs, limit) {
      const indexes = startingAnywhere(allPartitions, random).map(keys.dueOfPartition);
      const calls = grouped ? [indexes] : indexes.map((due) => [due]);
      const found = await Promise.all(
        calls.map((dues) => commands.run(overdueScript, dues, [graceMs, limit])),
      );
      return found.flatMap(asTexts).slice(0, limit).map(refOf);
    },

    orphans: (instanceId, limit) => openJobs.orphansOf(instanceId, limit),
  };
}

function moveAnswer<Done>(reply: readonly unknown[], done: string, answer: () => Done): MoveAnswer<Done> {
  const kind = asText(reply[0]);
  if (kind === done) return answer();
  if (kind === 'stale') return { kind, attempt: asNumber(reply[1]) };
  if (kind === 'finished' || kind === 'unknown') return { kind };
  throw new AppError('internal', `unexpected answer '${kind}' to a move of a job`);
}

/** When more is overdue than one sweep takes, no partition must always be the last. */
function startingAnywhere<T>(list: readonly T[], random: Random): T[] {
  const start = Math.floor(random.next() * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
