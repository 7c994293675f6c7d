/** A client as the original's apps are: opens a session, sends utterances, collects what comes back. */
import { WebSocket } from 'ws';
import { paths } from '../../common/workload.ts';
import { MessageLog, type Message } from './message-log.ts';

export interface UtteranceOptions {
  readonly index: number;
  /** What is said; the node's answer is made of it. */
  readonly audio?: string;
  readonly requestId?: string;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export class SessionClient {
  readonly log = new MessageLog();
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  #sessionId = '';
  #token = '';

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('message', (data: Buffer) => {
      this.log.add(JSON.parse(data.toString()) as Message);
    });
    socket.on('error', () => undefined);
  }

  /** Connects and opens a session. @param url of the scheduler, `http://…` or `ws://…` */
  static async open(url: string, init: Record<string, unknown> = {}): Promise<SessionClient> {
    const client = await SessionClient.connect(url);
    client.send({
      type: 'session_init',
      client_version: '1.0',
      platform: 'web',
      src_lang: 'zh',
      tgt_lang: 'en',
      ...init,
    });
    const ack = await client.log.first('session_init_ack', ({ type }) => type === 'session_init_ack');
    client.#sessionId = String(ack['session_id']);
    client.#token = String(ack['resume_token']);
    return client;
  }

  /** Connects only: for tests that break the rules. */
  static async connect(url: string): Promise<SessionClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${paths.sessionSocket}`);
    const client = new SessionClient(socket);
    await opened(socket);
    return client;
  }

  get sessionId(): string {
    return this.#sessionId;
  }

  get connected(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** What brings the session back on another connection. */
  get token(): string {
    return this.#token;
  }

  /** All answers up to `lastSeq` are handled. */
  acknowledge(lastSeq: number): void {
    this.send({ type: 'session_ack', session_id: this.#sessionId, last_seq: lastSeq });
  }

  accepted(requestId: string, withinMs?: number): Promise<Message> {
    return this.log.first(
      `job_accepted ${requestId}`,
      (message) => message.type === 'job_accepted' && message['request_id'] === requestId,
      withinMs,
    );
  }

  say({ index, audio = `audio-${String(index)}`, requestId }: UtteranceOptions): void {
    this.send({
      type: 'utterance',
      session_id: this.#sessionId,
      utterance_index: index,
      manual_cut: true,
      src_lang: 'zh',
      tgt_lang: 'en',
      audio: Buffer.from(audio).toString('base64'),
      audio_format: 'pcm16',
      sample_rate: 16_000,
      ...(requestId === undefined ? {} : { request_id: requestId }),
    });
  }

  result(index: number, withinMs?: number): Promise<Message> {
    return this.log.first(
      `translation_result ${String(index)}`,
      (message) => message.type === 'translation_result' && message['utterance_index'] === index,
      withinMs,
    );
  }

  /** Indexes in the order in which they were answered, by a result or as missing. */
  answered(): number[] {
    return this.log.all
      .filter(({ type }) => type === 'translation_result' || type === 'missing_result')
      .map((message) => Number(message['utterance_index']));
  }

  event(name: string, withinMs?: number): Promise<Message> {
    return this.log.first(
      `ui_event ${name}`,
      (message) => message.type === 'ui_event' && message['event'] === name,
      withinMs,
    );
  }

  send(message: Record<string, unknown>): void {
    this.#socket.send(JSON.stringify(message));
  }

  sendRaw(frame: string | Buffer): void {
    this.#socket.send(frame);
  }

  /** Stops reading, as a client whose network hangs. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The cable is cut. */
  async terminate(): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

/** Resolves when the socket is open, and rejects with the status when the upgrade is refused. */
export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve();
    });
    socket.once('error', reject);
  });
}
