/**
 * Commits that stand on a replica too before they are answered (`durability = "replicated"`). Script calls are gathered
 * while a round is on its way, so that a round costs one WAIT for each server however many jobs it holds:
 *
 *   calls  ->  their answers  ->  WAIT 1 on the connections they came from  ->  told to their callers
 *
 * A call that no replica confirmed in time is `unavailable`, although it is recorded; repeating it is right, and that waits
 * for a replica too.
 */
import { AppError, toAppError } from '../../../common/errors.ts';
import type { Link, RedisConnection } from './connection.ts';
import type { Script } from './script.ts';
import type { ScriptCall } from './script-group.ts';

interface Commit {
  readonly script: Script;
  readonly call: ScriptCall;
  readonly settle: PromiseWithResolvers<unknown>;
}

interface Answered {
  readonly commit: Commit;
  readonly reply: unknown;
  readonly link: Link | undefined;
}

export class ReplicatedCommits {
  readonly #connection: RedisConnection;
  readonly #waitMs: number;
  #next: Commit[] = [];
  #busy = false;

  constructor(connection: RedisConnection, waitMs: number) {
    this.#connection = connection;
    this.#waitMs = waitMs;
  }

  readonly run = (script: Script, calls: readonly ScriptCall[]): Promise<unknown>[] => {
    const commits = calls.map((call) => ({ script, call, settle: Promise.withResolvers<unknown>() }));
    this.#next.push(...commits);
    if (!this.#busy) void this.#rounds();
    return commits.map(({ settle }) => settle.promise);
  };

  async #rounds(): Promise<void> {
    this.#busy = true;
    while (this.#next.length > 0) {
      const round = this.#next;
      this.#next = [];
      await this.#confirm(await this.#record(round));
    }
    this.#busy = false;
  }

  /** The calls that were answered, with the connection that each answer came from. */
  async #record(round: readonly Commit[]): Promise<Answered[]> {
    const answered: Answered[] = [];
    const one = async (commit: Commit) => {
      const { script, call, settle } = commit;
      try {
        const [running] = this.#connection.runTogether(script, [call]);
        const reply = await running;
        answered.push({ commit, reply, link: this.#connection.linkOf(call.keys[0] ?? '') });
      } catch (error) {
        settle.reject(toAppError(error));
      }
    };
    await Promise.all(round.map(one));
    return answered;
  }

  async #confirm(answered: readonly Answered[]): Promise<void> {
    const confirmed = new Map<unknown, Promise<boolean>>();
    for (const { link } of answered) {
      if (link && !confirmed.has(link.socket)) confirmed.set(link.socket, this.#isReplicated(link));
    }
    for (const { commit, reply, link } of answered) {
      if (link && (await confirmed.get(link.socket))) commit.settle.resolve(reply);
      else commit.settle.reject(notReplicated());
    }
  }

  /** A connection that was replaced meanwhile knows nothing of what was written on the one before. */
  async #isReplicated(link: Link): Promise<boolean> {
    const replicas = await this.#connection.waitForReplica(link, this.#waitMs).catch(() => 0);
    return replicas >= 1 && link.stands();
  }
}

const notReplicated = () =>
  new AppError('unavailable', 'not replicated: no replica of Redis confirmed in time');
