/** What a session is told besides its answers. A detached session is told nothing: it asks when it comes back. */
import type { Refusal } from '../decide/admission.ts';
import { refusalMessages, uiEvent, type Subject } from './answer-messages.ts';
import { encodeResumeToken } from './resume-token.ts';
import type { DeskSession, OpenJob } from './session.ts';

/** @param resumed what became of a resume token; undefined when the client showed none */
export function greet(session: DeskSession, keepMs: number, resumed: boolean | undefined): void {
  session.link?.send({
    type: 'session_init_ack',
    session_id: session.sessionId,
    message: resumed === true ? 'session resumed' : 'session created',
    trace_id: session.traceId,
    resume_token: encodeResumeToken(session),
    resume_ttl_seconds: Math.round(keepMs / 1000),
    ...(resumed === undefined ? {} : { resumed }),
  });
}

/** @param jobId the job that the utterance is; for a duplicate, the first one */
export function tellAccepted(utterance: OpenJob, jobId: string, duplicate: boolean): void {
  const { session, index, requestId, traceId } = utterance;
  if (!session.tellAccepted) return;
  session.link?.send({
    type: 'job_accepted',
    session_id: session.sessionId,
    utterance_index: index,
    job_id: jobId,
    request_id: requestId,
    trace_id: traceId,
    duplicate,
  });
}

export function tellDispatched(job: OpenJob, elapsedMs: number | undefined): void {
  if (job.told) return;
  job.told = true;
  const { session, jobId, index, traceId } = job;
  session.link?.send(
    uiEvent('DISPATCHED', { sessionId: session.sessionId, jobId, index, traceId }, elapsedMs),
  );
}

export function tellRefused(
  session: DeskSession,
  about: Omit<Subject, 'sessionId'> & { readonly requestId: string | undefined },
  why: Pick<Refusal, 'retryAfterMs'> & { readonly code: string; readonly message: string },
): void {
  const { requestId, ...rest } = about;
  const subject = { ...rest, sessionId: session.sessionId };
  for (const message of refusalMessages(subject, { ...why, requestId })) session.link?.send(message);
}
