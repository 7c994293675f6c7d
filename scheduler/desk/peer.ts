/** One connection on `/ws/session`: its messages, in their order, to the desk. */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { isOutage } from '../../common/errors.ts';
import type { Connection, Peer } from '../edge/connection.ts';
import type { Metrics } from '../metrics.ts';
import { closeCodes } from '../protocol/close-codes.ts';
import { decodeSessionFrame, encode } from '../protocol/codec.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type {
  ClientHeartbeat,
  SessionInbound,
  SessionInit,
  SessionOutbound,
} from '../protocol/session-messages.ts';
import type { Desk } from './desk.ts';
import type { DeskSession, SessionLink } from './session.ts';

interface PeerDeps {
  readonly desk: Desk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Utterances of one session that may wait for the store at once; further ones wait unread. */
const acceptingMax = 64;

export class SessionPeer implements Peer {
  readonly #connection: Connection;
  readonly #deps: PeerDeps;
  /** Utterances on their way into the store, and who waits until there is one less. */
  #accepting = 0;
  #onAccepted: (() => void) | undefined;
  #session: DeskSession | undefined;

  constructor(connection: Connection, deps: PeerDeps) {
    this.#connection = connection;
    this.#deps = deps;
  }

  message(frame: string): Promise<void> | void {
    const decoded = decodeSessionFrame(frame);
    if (!decoded.ok) {
      this.#deps.metrics.badFrames.inc({ side: 'session' });
      this.#fail(decoded.code, decoded.why);
      return;
    }
    const { message } = decoded;
    try {
      const handling = this.#handle(message);
      if (handling) return this.#orFailed(message.type, handling);
    } catch (error) {
      this.#failed(message.type, error);
    }
  }

  async closed(): Promise<void> {
    if (this.#session) await this.#deps.desk.disconnected(this.#session);
  }

  #handle(message: SessionInbound): Promise<void> | void {
    if (message.type === 'session_init') return this.#init(message);
    const session = this.#session;
    if (!session || session.closed || message.session_id !== session.sessionId) {
      this.#fail(
        errorCodes.invalidSession,
        `this connection has no session ${JSON.stringify(message.session_id)}`,
      );
      return;
    }
    switch (message.type) {
      case 'utterance':
        return this.#submit(message.type, this.#deps.desk.utterance(session, message));
      case 'audio_chunk':
        return this.#submit(message.type, this.#deps.desk.audioChunk(session, message));
      case 'session_ack':
        this.#deps.desk.acknowledged(session, message.last_seq);
        return;
      case 'client_heartbeat':
        this.#beat(session, message);
        return;
      case 'session_close':
        return this.#close(session);
    }
  }

  async #init(message: SessionInit): Promise<void> {
    if (this.#session) {
      this.#fail(errorCodes.invalidMessage, 'this connection has a session already');
      return;
    }
    const { desk } = this.#deps;
    const arrival = await desk.arrive(message, this.#link());
    if (arrival.kind === 'gone') return;
    if (arrival.kind === 'busy') {
      this.#sendAway(arrival.retryAfterMs);
      return;
    }
    const session = arrival.begun;
    if (!session) {
      this.#fail(errorCodes.invalidSession, 'no session can be resumed with this token');
      return;
    }
    this.#session = session;
    if (message.pairing_code !== undefined)
      this.#fail(
        errorCodes.unsupported,
        'this scheduler does not serve "pairing_code"; any node may be chosen',
      );
    // The socket may have ended while the record was made; then nobody else says so.
    if (this.#connection.closed) await desk.disconnected(session);
  }

  #beat(session: DeskSession, { last_seq: lastSeq }: ClientHeartbeat): void {
    if (lastSeq !== undefined) this.#deps.desk.acknowledged(session, lastSeq);
    const timestamp = this.#deps.clock.now();
    this.#send({ type: 'server_heartbeat', session_id: session.sessionId, timestamp });
  }

  /** Utterances do not wait for each other's acceptance, up to a bound. */
  #submit(type: string, work: Promise<void> | void): Promise<void> | void {
    if (!work) return;
    this.#accepting += 1;
    work.then(
      () => {
        this.#accepted();
      },
      (error: unknown) => {
        this.#failed(type, error);
        this.#accepted();
      },
    );
    if (this.#accepting >= acceptingMax) return this.#untilAccepted();
  }

  #accepted(): void {
    this.#accepting -= 1;
    this.#onAccepted?.();
    this.#onAccepted = undefined;
  }

  /** Until one of them is accepted or has failed. One message is handled at a time, so only one ever waits for it. */
  #untilAccepted(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAccepted = resolve;
    });
  }

  #orFailed(type: string, work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#failed(type, error);
    });
  }

  async #close(session: DeskSession): Promise<void> {
    this.#session = undefined;
    while (this.#accepting > 0) await this.#untilAccepted();
    await this.#deps.desk.finish(session);
    this.#send({ type: 'session_close_ack', session_id: session.sessionId });
  }

  #link(): SessionLink {
    return {
      send: (message) => {
        this.#send(message);
      },
      sendText: (text) => {
        this.#connection.send(text);
      },
      unreadBytes: () => this.#connection.unreadBytes,
      isClosed: () => this.#connection.closed,
      close: (reason) => {
        this.#connection.close(closeCodes[reason]);
      },
    };
  }

  #send(message: SessionOutbound): void {
    const text = encode(message);
    if (message.type === 'ui_event' && message.status === 'ok') this.#connection.sendProgress(text);
    else this.#connection.send(text);
  }

  /** Too many sessions come back at once. */
  #sendAway(retryAfterMs: number): void {
    const message = 'Too many sessions come back at once; say session_init again later';
    const details = { retry_after_ms: retryAfterMs };
    this.#send({ type: 'error', code: errorCodes.nodeOverloaded, message, details });
  }

  #fail(code: string, message: string): void {
    this.#send({ type: 'error', code, message });
  }

  #failed(type: string, error: unknown): void {
    this.#deps.log.error({ err: error, type }, 'session message failed');
    if (isOutage(error)) {
      this.#fail(errorCodes.dependencyDown, 'the store cannot be reached; try again');
    } else this.#fail(errorCodes.internal, 'internal error');
  }
}
