/**
 * Jobs that have no answer yet, found by the deadline index of their partition: nothing else lists them, so that a job
 * costs no further write. Read in bounded steps; a job that ends meanwhile is left out.
 */
import { allPartitions, partitionOf } from '../partition.ts';
import type { JobRef, OpenJobRecord } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import { parseOpenJob } from '../job-record.ts';
import type { Keys } from './keys.ts';
import { ownerOfSession } from './session-record.ts';
import { asList, asNumber, asText, asTextOrNil, asTexts } from './reply.ts';
import { openJobsScript } from './scripts/open-jobs.ts';

/** Members of the index looked at by one step, so that none holds Redis for long. */
const lookedAtOnce = 500;

interface DueJob extends JobRef {
  readonly deadlineInMs: number;
}

export function createOpenJobs(keys: Keys, commands: Pick<RedisConnection, 'command' | 'run'>) {
  /** Jobs that were open from the first step to the last are all there, each once. */
  const scan = async (tag: string, pattern: string): Promise<DueJob[]> => {
    const found = new Map<string, DueJob>();
    let cursor = '0';
    do {
      const args = [cursor, pattern, lookedAtOnce];
      const reply = await commands.run(openJobsScript, [keys.dueOfPartition(tag)], args);
      const [next, now, flat] = asList(reply);
      for (const [member, deadline] of pairsOf(asTexts(flat))) {
        found.set(member, { ...refOf(member), deadlineInMs: Number(deadline) - asNumber(now) });
      }
      cursor = asText(next);
    } while (cursor !== '0');
    return [...found.values()].sort((a, b) => a.deadlineInMs - b.deadlineInMs);
  };

  const read = async (jobs: readonly DueJob[]): Promise<OpenJobRecord[]> => {
    const records = await Promise.all(
      jobs.map(({ sessionId, jobId }) => commands.command('GET', [keys.ofJob(sessionId, jobId).job])),
    );
    return jobs.flatMap(({ sessionId, jobId, deadlineInMs }, i): OpenJobRecord[] => {
      const record = asTextOrNil(records[i]);
      const job = record === undefined ? undefined : parseOpenJob({ sessionId, jobId }, record, deadlineInMs);
      return job ? [job] : [];
    });
  };

  /** The last owners of the sessions of these jobs, by session. */
  const ownersOf = async (jobs: readonly DueJob[]): Promise<Map<string, string | undefined>> => {
    const sessions = [...new Set(jobs.map(({ sessionId }) => sessionId))];
    const owners = await Promise.all(
      sessions.map((sessionId) => commands.command('GET', [keys.session(sessionId)])),
    );
    return new Map(
      sessions.map((sessionId, i) => {
        const record = asTextOrNil(owners[i]);
        return [sessionId, record === undefined ? undefined : ownerOfSession(record)];
      }),
    );
  };

  return {
    async ofSession(sessionId: string): Promise<OpenJobRecord[]> {
      // No character of an id means anything in a pattern.
      return read(await scan(partitionOf(sessionId), `${sessionId}/*`));
    },

    /** Of the sessions of a dead instance: those that it would have to place. One partition after the other. */
    async orphansOf(instanceId: string, limit: number): Promise<OpenJobRecord[]> {
      const orphans: OpenJobRecord[] = [];
      for (const tag of allPartitions) {
        const due = await scan(tag, '*');
        const owners = await ownersOf(due);
        const jobs = await read(due.filter(({ sessionId }) => owners.get(sessionId) === instanceId));
        orphans.push(
          ...jobs.filter(({ state, target }) => state === 'pending' || target?.instanceId === instanceId),
        );
        if (orphans.length >= limit) break;
      }
      return orphans.slice(0, limit);
    },
  };
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return pairs;
}

/** How a job is named in the deadline index. */
export const memberOf = ({ sessionId, jobId }: JobRef): string => `${sessionId}/${jobId}`;

export function refOf(member: string): JobRef {
  const slash = member.indexOf('/');
  return { sessionId: member.slice(0, slash), jobId: member.slice(slash + 1) };
}
