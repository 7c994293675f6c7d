/** Jobs in Redis: each verb is one script in the partition of the job's session. */
import type { Random } from '../../../common/clock.ts';
import { AppError } from '../../../common/errors.ts';
import { allPartitions } from '../partition.ts';
import type { JobRef, JobState, JobStore, MoveAnswer, NewJob, Target } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import { createJobRecords, memberOf, refOf } from './job-records.ts';
import type { Keys } from './keys.ts';
import { createOpenJobs } from './open-jobs.ts';
import { asList, asNumber, asText, asTextOrNil, asTexts } from './reply.ts';
import { acceptScript } from './scripts/accept.ts';
import { dispatchScript } from './scripts/dispatch.ts';
import { finishScript } from './scripts/finish.ts';
import { overdueScript } from './scripts/overdue.ts';
import { requeueScript } from './scripts/requeue.ts';

interface Parts {
  readonly keys: Keys;
  readonly commands: RedisConnection;
  /** For what a client is told to be safe: accept and finish. */
  readonly commits: RedisConnection;
  readonly random: Random;
}

export function createRedisJobs({ keys, commands, commits, random }: Parts): JobStore {
  const records = createJobRecords(keys, commands);
  const openJobs = createOpenJobs(keys, commands);
  const jobAndDue = ({ sessionId, jobId }: JobRef) => [keys.job(sessionId, jobId), keys.due(sessionId)];

  return {
    async accept(job, target) {
      const reply = asList(
        await commits.run(acceptScript, acceptKeys(keys, job), acceptArguments(job, target)),
      );
      const kind = asText(reply[0]);
      if (kind === 'accepted' || kind === 'fenced') return { kind };
      const jobId = asText(reply[1]);
      const state = await commands.command('HGET', [keys.job(job.sessionId, jobId), 'state']);
      // A record that is forgotten while its request is still remembered was finished long ago.
      return { kind: 'duplicate', jobId, state: (asTextOrNil(state) ?? 'finished') as JobState };
    },

    async dispatch({ attempt, target, deadlineMs, countsAsFailover, ...job }) {
      const { nodeId, instanceId } = target;
      const args = [memberOf(job), attempt, nodeId, instanceId, deadlineMs, countsAsFailover ? 1 : 0];
      const reply = asList(await commands.run(dispatchScript, jobAndDue(job), args));
      return moveAnswer(reply, 'dispatched', () => ({ kind: 'dispatched', attempt: asNumber(reply[1]) }));
    },

    async requeue({ attempt, deadlineMs, ...job }) {
      const args = [memberOf(job), attempt, deadlineMs];
      const reply = asList(await commands.run(requeueScript, jobAndDue(job), args));
      return moveAnswer(reply, 'requeued', () => ({ kind: 'requeued' }));
    },

    async finish({ attempt, answer, keepMs, ...job }) {
      const scriptKeys = [...jobAndDue(job), keys.session(job.sessionId), keys.outbox(job.sessionId)];
      const args = [memberOf(job), job.jobId, attempt, JSON.stringify(answer), keepMs];
      const reply = asList(await commits.run(finishScript, scriptKeys, args));
      return moveAnswer(reply, 'done', () => ({
        kind: 'done',
        seq: asNumber(reply[1]),
        owner: asText(reply[2]) || undefined,
      }));
    },

    get: (job) => records.whole(job),

    async overdue(graceMs, limit) {
      const found = await Promise.all(
        startingAnywhere(allPartitions, random).map((tag) =>
          commands.run(overdueScript, [keys.dueOfPartition(tag)], [graceMs, limit]),
        ),
      );
      return found.flatMap(asTexts).slice(0, limit).map(refOf);
    },

    orphans: (instanceId, limit) => openJobs.orphansOf(instanceId, limit),
  };
}

function acceptKeys(keys: Keys, { sessionId, jobId, requestId }: NewJob): string[] {
  const always = [keys.session(sessionId), keys.job(sessionId, jobId), keys.due(sessionId)];
  return requestId === undefined ? always : [...always, keys.request(sessionId, requestId)];
}

function acceptArguments(job: NewJob, target: Target | undefined): (string | number)[] {
  const { jobId, sessionId, sessionEpoch, utteranceIndex, assign, audio, deadlineMs, keepMs } = job;
  const { requestId = '' } = job;
  const place = target ? ['dispatched', 1, target.nodeId, target.instanceId] : ['pending', 0, '', ''];
  const payload = [utteranceIndex, assign, audio, deadlineMs, keepMs, requestId];
  return [jobId, sessionId, sessionEpoch, ...place, ...payload];
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
