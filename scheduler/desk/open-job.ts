/** Open jobs as they begin: from an utterance, or from the record of a session that was taken over. Pure. */
import { wantedPairs } from '../decide/languages.ts';
import type { Assignment } from '../protocol/node-messages.ts';
import type { OpenJobRecord } from '../store/store.ts';
import { assignmentOf, requiredServices, type CoreServices, type Spoken } from './assignment.ts';
import type { DeskSession, OpenJob } from './session.ts';

const nothing = (): void => undefined;

/** Hardly any job has a node to stay away from. */
export const nobody: ReadonlySet<string> = new Set();

export function jobFromUtterance(
  session: DeskSession,
  utterance: Spoken,
  jobId: string,
  { core, nowMs }: { readonly core: CoreServices; readonly nowMs: number },
): OpenJob {
  const assignment = assignmentOf(utterance, session, jobId);
  return {
    jobId,
    session,
    index: utterance.utterance_index,
    requestId: utterance.request_id,
    traceId: assignment.trace_id,
    assign: JSON.stringify(assignment),
    audio: utterance.audio,
    services: requiredServices(core, assignment.features),
    languages: wantedPairs(assignment),
    beganMs: nowMs,
    attempt: 0,
    failovers: 0,
    target: undefined,
    exclude: nobody,
    waitUntilMs: undefined,
    owesFailover: false,
    accepted: false,
    told: false,
    moving: false,
    heardEarly: undefined,
    ended: false,
    cancelTimer: nothing,
  };
}

/** @param before the same job of our own earlier ownership: it knows what a record does not */
export function jobFromRecord(
  session: DeskSession,
  record: Omit<OpenJobRecord, 'deadlineInMs'>,
  core: CoreServices,
  before: OpenJob | undefined,
): OpenJob {
  const assignment = JSON.parse(record.assign) as Assignment;
  return {
    jobId: record.jobId,
    session,
    index: record.utteranceIndex,
    requestId: record.requestId,
    traceId: assignment.trace_id,
    assign: record.assign,
    audio: before?.audio,
    services: requiredServices(core, assignment.features),
    languages: wantedPairs(assignment),
    beganMs: before?.beganMs,
    attempt: record.attempt,
    failovers: record.failovers,
    target: undefined,
    exclude: nobody,
    waitUntilMs: undefined,
    owesFailover: before?.owesFailover ?? false,
    accepted: false,
    told: before?.told ?? record.attempt > 0,
    moving: false,
    heardEarly: undefined,
    ended: false,
    cancelTimer: nothing,
  };
}
