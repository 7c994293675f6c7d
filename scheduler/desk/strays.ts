/**
 * Hints about jobs that this instance does not answer for: their session was taken over since, or their owner died and
 * the sweep moved them. They are passed on to whoever answers now; where nobody does, the sweep goes on with the job.
 */
import type { Post } from '../fleet/post.ts';
import type { HintOf } from '../store/hints.ts';
import type { JobStore, SessionStore } from '../store/store.ts';

interface StrayDeps {
  readonly instanceId: string;
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly post: Post;
  readonly pendingMs: number;
}

export type Strays = ReturnType<typeof createStrays>;

export function createStrays({ instanceId, sessions, jobs, post, pendingMs }: StrayDeps) {
  /** A session changes hands only when its client connects anew, so a hint does not go round in circles. */
  async function passedOn(hint: HintOf<'refused' | 'requeued'>): Promise<boolean> {
    const owner = await sessions.ownerOf(hint.session_id);
    if (owner === undefined || owner === instanceId) return false;
    return (await post.send(owner, hint)) === 'sent';
  }

  return {
    /** Without an owner it is made pending, so that the sweep finds it when its time is up. */
    async refused(hint: HintOf<'refused'>): Promise<void> {
      if (await passedOn(hint)) return;
      const ref = { sessionId: hint.session_id, jobId: hint.job_id, attempt: hint.attempt };
      await jobs.requeue({ ...ref, deadlineMs: pendingMs });
    },

    async requeued(hint: HintOf<'requeued'>): Promise<void> {
      await passedOn(hint);
    },
  };
}
