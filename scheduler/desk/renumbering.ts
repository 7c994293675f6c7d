/**
 * A store that comes back with less than it had confirmed (a power failure, a fail-over) hands out numbers of answers that
 * were given before. A client that counts would take the new answers for old ones, so they get others.
 */
import { retrying, type Retry } from '../retry.ts';
import type { OutboxEntry, SessionStore } from '../store/store.ts';
import type { DeskSession } from './session.ts';

export interface RenumberingDeps {
  readonly sessions: SessionStore;
  readonly retry: Retry;
  /** What is added to the numbers of the outbox is another now, which must be remembered. */
  readonly renumbered: (session: DeskSession) => Promise<void>;
}

/** Answers read at once. */
const readMax = 16;

export class Renumbering {
  readonly #deps: RenumberingDeps;
  readonly #checking = new Set<DeskSession>();

  constructor(deps: RenumberingDeps) {
    this.#deps = deps;
  }

  /**
   * The first answer in the outbox that is news to us follows the last one that was not lost, and gets the number after
   * the last one we have seen. True when that was not its number.
   */
  async check(session: DeskSession): Promise<boolean> {
    if (this.#checking.has(session)) return false;
    this.#checking.add(session);
    try {
      const news = await this.#firstNews(session);
      if (!news || session.closed || session.seqBase + news.seq > session.seenSeq) return false;
      session.seqBase = session.seenSeq - (news.seq - 1);
      await this.#deps.renumbered(session);
      return true;
    } finally {
      this.#checking.delete(session);
    }
  }

  async #firstNews({ sessionId, jobs }: DeskSession): Promise<OutboxEntry | undefined> {
    const { sessions, retry } = this.#deps;
    for (let after = 0; ;) {
      const entries = await retrying(() => sessions.readOutbox(sessionId, after, readMax), retry);
      const news = entries.find(({ jobId }) => jobs.has(jobId));
      const last = entries.at(-1);
      if (news || !last || entries.length < readMax) return news;
      after = last.seq;
    }
  }
}
