/** A client that does nothing by itself: each test says what it says. */
import { settle } from '../clock.ts';
import { connect, type FakeSocket, type Message, type World } from './world.ts';

export interface Greeting {
  readonly place?: number;
  readonly token?: string | undefined;
  readonly lastSeq?: number;
  readonly extensions?: readonly string[];
  readonly more?: Record<string, unknown>;
  /** Bytes that it leaves unread, whatever it is sent. */
  readonly unread?: number;
  /** Reads only when its test says so. */
  readonly isSlow?: boolean;
}

export class Talker {
  readonly received: Message[] = [];
  readonly socket: FakeSocket;

  private constructor(world: World, place: number) {
    this.socket = connect(world, 'session', place);
    this.socket.onFrame = (message) => {
      this.received.push(message);
    };
  }

  /** Connects and greets; by default as a client that understands everything. */
  static async open(world: World, greeting: Greeting = {}): Promise<Talker> {
    const talker = new Talker(world, greeting.place ?? 0);
    talker.socket.bufferedAmount = greeting.unread ?? 0;
    talker.socket.isSlow = greeting.isSlow ?? false;
    talker.greet(greeting);
    await settle();
    return talker;
  }

  get sessionId(): string {
    return String(this.ofType('session_init_ack').at(-1)?.['session_id']);
  }

  get token(): string {
    return String(this.ofType('session_init_ack').at(-1)?.['resume_token']);
  }

  get closeCode(): number | undefined {
    return this.socket.closeCode;
  }

  greet({ token, lastSeq, extensions = ['resume', 'job_accepted'], more = {} }: Greeting): void {
    this.socket.say({
      type: 'session_init',
      client_version: '1',
      platform: 'web',
      src_lang: 'a',
      tgt_lang: 'b',
      extensions,
      ...(token === undefined ? {} : { resume_token: token }),
      ...(lastSeq === undefined ? {} : { last_seq: lastSeq }),
      ...more,
    });
  }

  say(index: number, more: Record<string, unknown> = {}): void {
    this.send({
      type: 'utterance',
      utterance_index: index,
      manual_cut: true,
      src_lang: 'a',
      tgt_lang: 'b',
      audio: 'AAAA',
      audio_format: 'pcm16',
      sample_rate: 1,
      ...more,
    });
  }

  /** A message of this session. */
  send(message: Record<string, unknown>): void {
    this.socket.say({ session_id: this.sessionId, ...message });
  }

  acknowledge(lastSeq: number): void {
    this.send({ type: 'session_ack', last_seq: lastSeq });
  }

  /** The cable is cut; the scheduler notices only when told so. */
  async cut({ noticed }: { readonly noticed: boolean }): Promise<void> {
    this.socket.onFrame = () => undefined;
    if (noticed) this.socket.close();
    await settle();
  }

  ofType(type: string): Message[] {
    return this.received.filter((message) => message.type === type);
  }

  errors(): string[] {
    return this.ofType('error').map((message) => String(message['code']));
  }

  /** Indexes and numbers of the terminal answers, in the order they came. */
  answers(): { index: number; seq: number | undefined; result: boolean }[] {
    return this.received
      .filter(({ type }) => type === 'translation_result' || type === 'missing_result')
      .map((message) => ({
        index: Number(message['utterance_index']),
        seq: message['seq'] as number | undefined,
        result: message.type === 'translation_result',
      }));
  }

  indexes(): number[] {
    return this.answers().map(({ index }) => index);
  }

  /** What was said about acceptance: `index:duplicate`. */
  accepted(): string[] {
    return this.ofType('job_accepted').map(
      (message) => `${String(message['utterance_index'])}:${String(message['duplicate'])}`,
    );
  }
}

/** Results of these utterances in order, each told once and numbered from 1: what `answers` of a session should be. */
export const oneEach = (...indexes: number[]) =>
  indexes.map((index, place) => ({ index, seq: place + 1, result: true }));
