/**
 * Tries whether a job gets through: a session that nobody opened, here, gives one job to a node that nobody connected, on
 * another instance or on this one. It takes the verbs, the inboxes and the outbox of a real job, also when both are here, and
 * leaves nothing: see docs/design/scheduler.md section 4e.
 */
import type { Logger } from 'pino';
import { probePatienceMs, type ProbeOutcome, type ProbeReport } from '../../common/admin-api.ts';
import type { Clock, Random } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import { newJobId, newProbeSessionId } from '../ids.ts';
import type { Hint, HintOf } from '../store/hints.ts';
import type { Store } from '../store/store.ts';
import { answerProbe, probeAnswer, probeKeepMs } from './stand-in-node.ts';

export interface ProbeDeps {
  readonly instanceId: string;
  readonly store: Pick<Store, 'sessions' | 'jobs' | 'inbox'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly isDraining: () => boolean;
}

interface Verdict {
  readonly outcome: ProbeOutcome;
  readonly detail: string;
}

interface Attempt {
  readonly sessionId: string;
  readonly jobId: string;
  readonly target: string;
}

/** One at a time, and no more than one in this time, whoever asks. */
const pauseMs = 500;

/** The node's name in the job's record; nobody looks it up. */
const nodeId = 'probe';

export class RouteProbe {
  readonly #deps: ProbeDeps;
  readonly #heard = new Map<string, (hint: HintOf<'results' | 'refused'>) => void>();
  #notBeforeMs = -Infinity;
  #isRunning = false;

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  /** Hints of any probe: this instance may be its session, its node, both, or neither any more. */
  handle(hint: Hint): Promise<void> | void {
    if (hint.type === 'results' || hint.type === 'refused') this.#heard.get(hint.session_id)?.(hint);
    if (hint.type !== 'assign') return;
    return answerProbe(hint, { ...this.#deps, jobs: this.#deps.store.jobs, send: this.#send });
  }

  /**
   * @param notNow why this instance is not ready, if it is not
   * @returns undefined when one runs, or ran a moment ago
   */
  async run(target: string, notNow: readonly string[]): Promise<ProbeReport | undefined> {
    const { instanceId, clock, random, log } = this.#deps;
    const startedMs = clock.monotonic();
    if (this.#isRunning || startedMs < this.#notBeforeMs) return undefined;
    this.#notBeforeMs = startedMs + pauseMs;
    this.#isRunning = true;
    try {
      const attempt = { sessionId: newProbeSessionId(random), jobId: newJobId(random), target };
      const { outcome, detail } =
        notNow.length > 0
          ? ({ outcome: 'not_now', detail: notNow.join(', ') } as const)
          : await this.#try(attempt);
      const tookMs = Math.round((clock.monotonic() - startedMs) * 10) / 10;
      log.debug({ target, outcome, detail, tookMs }, 'route probed');
      return { session: instanceId, node: target, outcome, detail, tookMs };
    } finally {
      this.#isRunning = false;
    }
  }

  async #try(attempt: Attempt): Promise<Verdict> {
    const { instanceId, store, random, log } = this.#deps;
    const { sessionId } = attempt;
    const life = { sessionId, owner: instanceId, attributes: '{}', resumeToken: random.id(), ttlMs: lifeMs };
    try {
      const { epoch } = await store.sessions.open(life);
      try {
        return await this.#route(attempt, epoch);
      } finally {
        await this.#leaveNothing(attempt, epoch);
      }
    } catch (error) {
      // What was written ends by itself: the records live for a moment, and the sweep ends the job.
      log.debug({ err: error, target: attempt.target }, 'probe failed');
      return { outcome: 'unavailable', detail: toAppError(error).message };
    }
  }

  async #route({ sessionId, jobId, target }: Attempt, sessionEpoch: number): Promise<Verdict> {
    const { instanceId, store } = this.#deps;
    const heard = this.#listen(sessionId);
    try {
      const accepted = await store.jobs.accept(
        {
          ...{ sessionId, jobId, sessionEpoch, utteranceIndex: 0, audio: '' },
          assign: JSON.stringify({ trace_id: jobId }),
          deadlineMs: 2 * probePatienceMs,
          keepMs: probeKeepMs,
        },
        { nodeId, instanceId: target },
      );
      if (accepted.kind !== 'accepted')
        return { outcome: 'unavailable', detail: `the job was not accepted: ${accepted.kind}` };
      const job = { job_id: jobId, session_id: sessionId, node_id: nodeId, attempt: 1 };
      const sent = await this.#send(target, { type: 'assign', ...job, from: instanceId });
      if (sent !== 'sent') return { outcome: sent, detail: '' };
      const hint = await heard.answer;
      if (!hint) return { outcome: 'unanswered', detail: `within ${String(probePatienceMs)} ms` };
      if (hint.type === 'refused') return { outcome: 'refused', detail: hint.reason };
      return await this.#read(sessionId, jobId);
    } finally {
      heard.stop();
    }
  }

  /** The answer as a session would get it. */
  async #read(sessionId: string, jobId: string): Promise<Verdict> {
    const [entry] = await this.#deps.store.sessions.readOutbox(sessionId, 0, 1);
    const { traceId } = probeAnswer(jobId);
    return entry?.jobId === jobId && entry.answer.kind === 'result' && entry.answer.traceId === traceId
      ? { outcome: 'answered', detail: '' }
      : { outcome: 'unavailable', detail: 'the answer is not in the outbox of the session' };
  }

  #listen(sessionId: string) {
    const { promise: answer, resolve } = Promise.withResolvers<HintOf<'results' | 'refused'> | undefined>();
    this.#heard.set(sessionId, resolve);
    const cancel = this.#deps.clock.after(probePatienceMs, () => {
      resolve(undefined);
    });
    const stop = () => {
      cancel();
      this.#heard.delete(sessionId);
    };
    return { answer, stop };
  }

  /** By the inbox always: a hint to ourselves that took the short way would try nothing. */
  readonly #send = (to: string, hint: Hint) => this.#deps.store.inbox.send(to, [hint]);

  async #leaveNothing({ sessionId, jobId }: Attempt, epoch: number): Promise<void> {
    const { instanceId, store } = this.#deps;
    const gaveUp = { kind: 'failure', code: 'PROBE_ENDED', message: '', traceId: jobId } as const;
    await store.jobs.finish({ sessionId, jobId, attempt: 1, answer: gaveUp, keepMs: probeKeepMs });
    await store.sessions.release({ sessionId, epoch, owner: instanceId, keepMs: 1 });
  }
}

/** What a probe wrote lives no longer, should its instance die in the middle. */
const lifeMs = 4 * probePatienceMs;
