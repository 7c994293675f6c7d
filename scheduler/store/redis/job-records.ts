/** Job records as they stand in Redis, read. */
import type { JobRecord, JobRef, JobState, OpenJobRecord } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asList, asTextOrNil } from './reply.ts';

const shared = ['state', 'attempt', 'failovers', 'index', 'node', 'instance', 'assign'];

export type JobRecords = ReturnType<typeof createJobRecords>;

export function createJobRecords(keys: Keys, commands: RedisConnection) {
  const read = async ({ sessionId, jobId }: JobRef, more: string) => {
    const fields = [keys.job(sessionId, jobId), ...shared, more];
    return asList(await commands.command('HMGET', fields)).map(asTextOrNil);
  };
  return {
    async whole(job: JobRef): Promise<JobRecord | undefined> {
      const fields = await read(job, 'audio');
      return fields[0] === undefined ? undefined : { ...common(job, fields), audio: fields[7] ?? '' };
    },

    /** Without the audio; undefined when the job has ended. */
    async open(job: JobRef, deadlineInMs: number): Promise<OpenJobRecord | undefined> {
      const fields = await read(job, 'request');
      if (fields[0] === undefined || fields[0] === 'finished') return undefined;
      return { ...common(job, fields), requestId: fields[7] === '' ? undefined : fields[7], deadlineInMs };
    },
  };
}

function common({ sessionId, jobId }: JobRef, fields: readonly (string | undefined)[]) {
  const [state, attempt, failovers, index, nodeId = '', instanceId = '', assign = ''] = fields;
  return {
    sessionId,
    jobId,
    state: state as JobState,
    attempt: Number(attempt),
    failovers: Number(failovers),
    utteranceIndex: Number(index),
    target: nodeId ? { nodeId, instanceId } : undefined,
    assign,
  };
}

/** How a job is named in the deadline index. */
export const memberOf = ({ sessionId, jobId }: JobRef): string => `${sessionId}/${jobId}`;

export function refOf(member: string): JobRef {
  const slash = member.indexOf('/');
  return { sessionId: member.slice(0, slash), jobId: member.slice(slash + 1) };
}
