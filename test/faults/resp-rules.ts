/**
 * Which moment of the talk with Redis a fault is for, and what then happens.
 *
 *   before    the command has left the instance and has not reached Redis
 *   executed  Redis has executed it and the instance does not know
 *   replied   the instance has been handed the answer
 */
import type { Command } from './commands.ts';
import { errorText, isEmptyReply } from './resp.ts';

export type RespMoment = 'before' | 'executed' | 'replied';

export interface RespMatch {
  /** `XACK`, `script:finish`, or `*` for any. */
  readonly command: string;
  readonly key?: RegExp;
  /** Counts only replies that bring something, as for a read that may come back empty. */
  readonly notEmpty?: boolean;
}

export type RespAction =
  /** Both ends see a reset connection. */
  | { readonly do: 'reset' }
  /** The command, or its reply, and all that come behind it wait. */
  | { readonly do: 'delay'; readonly ms: number }
  /** From here on Redis is not heard any more, on a connection that stays open. */
  | { readonly do: 'silence' }
  /** The instance is told this; after `replied` its next command is. */
  | { readonly do: 'error'; readonly text: string }
  /** Redis executes the command twice and the instance hears one reply. */
  | { readonly do: 'duplicate' }
  /** Anything else, such as ending a process; everything on this connection waits for it. */
  | { readonly do: 'hook'; readonly run: () => Promise<'go on' | 'cut'> };

export interface RespRule {
  readonly match: RespMatch;
  readonly when: RespMoment;
  readonly action: RespAction;
  /** The match that fires, counted from 1, which is the default. */
  readonly occurrence?: number;
  /** How many matches in a row fire; 1 by default. */
  readonly times?: number;
}

/** A rule at work: counts its matches and tells when it has fired. */
export class ArmedRespRule {
  readonly rule: RespRule;
  #matches = 0;
  #fired = 0;

  constructor(rule: RespRule) {
    this.rule = rule;
  }

  get fired(): number {
    return this.#fired;
  }

  /** Whether it fires at this command (moment `before`) or at this reply (the other two). */
  fires(moment: RespMoment, command: Command, reply?: Buffer): boolean {
    const { match, occurrence = 1, times = 1 } = this.rule;
    if (this.#momentOfCount() !== moment || !matchesCommand(match, command)) return false;
    if (reply && (!wasExecuted(reply) || (match.notEmpty === true && isEmptyReply(reply)))) return false;
    this.#matches += 1;
    if (this.#matches < occurrence || this.#matches >= occurrence + times) return false;
    this.#fired += 1;
    return true;
  }

  /** A command can only be doubled on its way to Redis. */
  #momentOfCount(): RespMoment {
    return this.rule.action.do === 'duplicate' ? 'before' : this.rule.when;
  }
}

export function matchesCommand(match: RespMatch, command: Command): boolean {
  const named = match.command === '*' ? command.name !== 'XREADGROUP' : match.command === command.name;
  return named && (match.key === undefined || match.key.test(command.key));
}

/** A script that Redis did not know, or a slot that lives elsewhere: the command comes again. */
function wasExecuted(reply: Buffer): boolean {
  return !/^(NOSCRIPT|MOVED|ASK|TRYAGAIN)\b/.test(errorText(reply) ?? '');
}
