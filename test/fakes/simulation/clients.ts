/** Clients of a simulated session: as the original's are, and as ours may be. */
import { FakeSocket, connect, type Message, type World } from './world.ts';

export interface Client {
  say(bytes: number): void;
  /** Everything that a client does by itself as time passes. */
  turn(): void;
  /** From now on nothing cuts it off. */
  heal(): void;
  readonly said: number;
  /** Indexes of the terminal answers, in the order they came. */
  answers(): number[];
}

const utterance = (index: number, bytes: number) => ({
  type: 'utterance',
  utterance_index: index,
  manual_cut: true,
  src_lang: 'a',
  tgt_lang: 'b',
  audio: 'A'.repeat(bytes),
  audio_format: 'pcm16',
  sample_rate: 1,
});

const greeting = { type: 'session_init', client_version: '1', platform: 'web', src_lang: 'a', tgt_lang: 'b' };
const isTerminal = ({ type }: Message) => type === 'translation_result' || type === 'missing_result';

/** As the original's: one connection, and nothing of what we added. */
export class OldClient implements Client {
  said = 0;
  readonly received: Message[] = [];
  readonly #socket: FakeSocket;
  #sessionId = '';

  constructor(world: World, place: number) {
    this.#socket = connect(world, 'session', place);
    this.#socket.onFrame = (message) => {
      this.received.push(message);
      if (message.type === 'session_init_ack') this.#sessionId = String(message['session_id']);
    };
    this.#socket.say(greeting);
  }

  say(bytes: number): void {
    this.#socket.say({ ...utterance(this.said++, bytes), session_id: this.#sessionId });
  }

  turn(): void {
    return undefined;
  }

  heal(): void {
    return undefined;
  }

  answers(): number[] {
    return this.received.filter(isTerminal).map((message) => Number(message['utterance_index']));
  }
}

/** Resumes where it can, sends again what is open, and drops what it has had. */
export class ResumingClient implements Client {
  said = 0;
  /** How often it took up its session again. */
  resumed = 0;
  readonly #world: World;
  readonly #answers: number[] = [];
  /** Utterances without an answer, by request. */
  readonly #open = new Map<string, ReturnType<typeof utterance>>();
  readonly #seen = new Set<number>();
  #socket: FakeSocket;
  #greeted = false;
  #sessionId = '';
  #token: string | undefined;
  #lastSeq = 0;
  #healed = false;

  constructor(world: World, place: number) {
    this.#world = world;
    this.#socket = this.#connect(place);
  }

  say(bytes: number): void {
    const message = utterance(this.said++, bytes);
    this.#open.set(`r-${String(message.utterance_index)}`, message);
    if (this.#greeted) this.#submit(message);
  }

  turn(): void {
    const { dice } = this.#world;
    if (!this.#healed && this.#world.chance(0.12)) this.cut(this.#world.chance(0.5));
    if (this.#socket.readyState !== 1) this.reconnect(Math.floor(dice.next() * 2));
    if (this.#world.chance(0.3)) this.#acknowledge();
  }

  heal(): void {
    this.#healed = true;
    this.#world.clock.after(1000, () => {
      if (this.#open.size > 0 || !this.#greeted) this.reconnect(0);
    });
  }

  /** @param halfOpen the scheduler hears nothing of it */
  cut(halfOpen: boolean): void {
    const old = this.#socket;
    old.onFrame = () => undefined;
    this.#greeted = false;
    if (!halfOpen) old.close();
    this.#socket = new FakeSocket();
    this.#socket.readyState = 3;
  }

  reconnect(place: number): void {
    this.cut(true);
    this.#socket = this.#connect(place);
  }

  answers(): number[] {
    return this.#answers;
  }

  #connect(place: number): FakeSocket {
    const socket = connect(this.#world, 'session', place);
    socket.onFrame = (message) => {
      this.#hear(message);
    };
    const resume = this.#token === undefined ? {} : { resume_token: this.#token, last_seq: this.#lastSeq };
    socket.say({ ...greeting, extensions: ['resume', 'job_accepted'], ...resume });
    return socket;
  }

  #submit(message: ReturnType<typeof utterance>): void {
    const request_id = `r-${String(message.utterance_index)}`;
    this.#socket.say({ ...message, request_id, session_id: this.#sessionId });
  }

  #hear(message: Message): void {
    if (message.type === 'session_init_ack') this.#welcome(message);
    else if (isTerminal(message)) this.#answered(message);
    else if (message.type === 'error') this.#refused(message['details'] as Message | undefined);
  }

  #welcome({ session_id, resume_token, resumed }: Message): void {
    if (resumed === true) this.resumed += 1;
    else {
      this.#seen.clear();
      this.#lastSeq = 0;
    }
    this.#sessionId = String(session_id);
    this.#token = String(resume_token);
    this.#greeted = true;
    for (const message of this.#open.values()) this.#submit(message);
  }

  #answered({ seq, utterance_index: index }: Message): void {
    if (seq !== undefined && this.#seen.has(Number(seq))) return;
    this.#seen.add(Number(seq));
    while (this.#seen.has(this.#lastSeq + 1)) this.#lastSeq += 1;
    this.#answers.push(Number(index));
    this.#open.delete(`r-${String(index)}`);
  }

  /** Not taken on: later perhaps. Without details it was the greeting that failed. */
  #refused(details: Message | undefined): void {
    const socket = this.#socket;
    this.#world.clock.after(200, () => {
      if (this.#socket !== socket) return;
      if (!this.#greeted) {
        this.reconnect(1);
        return;
      }
      const message = this.#open.get(String(details?.['request_id']));
      if (message) this.#submit(message);
    });
  }

  #acknowledge(): void {
    if (!this.#greeted) return;
    this.#socket.say({ type: 'session_ack', session_id: this.#sessionId, last_seq: this.#lastSeq });
  }
}
