/**
 * Which moment of a talk over WebSocket a fault is for, and what then happens.
 *
 *   before     the message has left its sender and has not reached its receiver
 *   delivered  the receiver has it; whatever it says next is not heard yet
 *   answered   the receiver has said something since, and that was delivered
 */
export type WsMoment = 'before' | 'delivered' | 'answered';

export type Direction = 'to-instance' | 'to-peer';

export interface WsMessage {
  readonly direction: Direction;
  /** The path of the upgrade request: `/ws/session` or `/ws/node`. */
  readonly path: string;
  /** The JSON's `type`; or `upgrade`, `ping`, `pong`, `close`, `binary`, `unreadable`. */
  readonly type: string;
  /** Of a `ui_event`. */
  readonly event?: string;
}

export interface WsMatch {
  readonly direction: Direction;
  readonly type: string;
  readonly event?: string;
  readonly path?: string;
}

export type WsAction =
  | { readonly do: 'reset' }
  | { readonly do: 'delay'; readonly ms: number }
  | { readonly do: 'drop' }
  | { readonly do: 'duplicate' }
  /** Half of the bytes, then a reset. */
  | { readonly do: 'cut' }
  /** Nothing passes any more in either direction, and nobody is told. */
  | { readonly do: 'half-open' }
  | { readonly do: 'slice' }
  /** A frame that breaks the protocol: a reserved bit, or the mask bit turned around. */
  | { readonly do: 'corrupt'; readonly what: 'reserved' | 'mask' }
  /** A good frame with what is not JSON; for an upgrade: an answer 503 in the instance's place. */
  | { readonly do: 'garble' }
  | { readonly do: 'hook'; readonly run: () => Promise<'go on' | 'cut'> };

export interface WsRule {
  readonly match: WsMatch;
  readonly when: WsMoment;
  readonly action: WsAction;
  readonly occurrence?: number;
  readonly times?: number;
}

export class ArmedWsRule {
  readonly rule: WsRule;
  #matches = 0;
  #fired = 0;

  constructor(rule: WsRule) {
    this.rule = rule;
  }

  get fired(): number {
    return this.#fired;
  }

  /** Whether this message is the one; the action of `answered` comes later, and `fire` counts it then. */
  meets(message: WsMessage): boolean {
    const { match, occurrence = 1, times = 1 } = this.rule;
    if (!matchesMessage(match, message)) return false;
    this.#matches += 1;
    return this.#matches >= occurrence && this.#matches < occurrence + times;
  }

  fire(): WsAction {
    this.#fired += 1;
    return this.rule.action;
  }
}

export function matchesMessage(match: WsMatch, message: WsMessage): boolean {
  return (
    match.direction === message.direction &&
    match.type === message.type &&
    (match.event === undefined || match.event === message.event) &&
    (match.path === undefined || match.path === message.path)
  );
}
