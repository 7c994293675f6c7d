/**
 * A client that says what it wants when it wants, whatever became of the last thing it said (open loop), and writes down
 * what it hears. When its connection is cut it resumes its session where the scheduler offers that; where it does not,
 * it opens another session, and what was open is judged by what the outbox holds.
 */
import type { Clock } from '../../../common/clock.ts';
import { hashOfPayload, type History, type HistoryEvent } from '../history.ts';
import type { SeededRandom } from '../random.ts';
import { Line } from './line.ts';

export interface FakeSessionOptions {
  readonly name: string;
  readonly addresses: () => readonly string[];
  readonly history: History;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Bytes of audio of an utterance, before base64. */
  readonly audioBytes?: number;
}

interface Utterance {
  readonly request_id: string;
  readonly utterance_index: number;
  readonly audio: string;
}

interface OpenRequest {
  readonly message: Utterance;
  job: string | undefined;
  /** Why it failed, as the last event about it said. */
  why: string | undefined;
}

/** How long a client waits for the answer to its `session_init`. */
const openWithinMs = 4000;

export class FakeSession {
  readonly #options: FakeSessionOptions;
  readonly #line: Line;
  readonly #open = new Map<number, OpenRequest>();
  #sessionId: string | undefined;
  #resumeToken: string | undefined;
  #lastSeq = 0;
  #nextIndex = 0;
  #greeted = false;
  #cancelGreeting: () => void = () => undefined;

  constructor(options: FakeSessionOptions) {
    this.#options = options;
    this.#line = new Line({
      path: '/ws/session',
      addresses: options.addresses,
      clock: options.clock,
      onOpen: () => {
        this.#greet();
      },
      onMessage: (message) => {
        this.#hear(message);
      },
      onClose: () => {
        this.#cutOff();
      },
    });
  }

  get ready(): boolean {
    return this.#greeted;
  }

  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Utterances of this session that were accepted and have no answer yet. */
  get waiting(): number {
    return [...this.#open.values()].filter(({ job }) => job !== undefined).length;
  }

  /** Utterances sent and not answered, whether anybody said accepted or not. */
  get unanswered(): number {
    return this.#open.size;
  }

  get line(): Line {
    return this.#line;
  }

  /** Says the next utterance, if there is a session to say it in. */
  speak(): boolean {
    return this.#speakAs(this.#nextIndex, this.#nextIndex + 1);
  }

  /** Leaves an index out, as a client does that lost an utterance before it sent it. */
  skip(): void {
    this.#nextIndex += 1;
  }

  /** Sends again what was sent last, under the same key. */
  repeat(): void {
    const last = [...this.#open.values()].at(-1);
    if (last) this.#submit(last.message);
  }

  async end(): Promise<void> {
    this.#cutOff();
    await this.#line.end();
  }

  #speakAs(index: number, next: number): boolean {
    const { name, random, audioBytes = 48 } = this.#options;
    if (!this.#greeted) return false;
    this.#nextIndex = next;
    const text = `${name} ${this.#sessionId ?? ''} ${index} ${random.id()}`;
    const audio = Buffer.from(text.padEnd(audioBytes, '.')).toString('base64');
    const message = {
      type: 'utterance',
      session_id: this.#sessionId,
      utterance_index: index,
      request_id: `${this.#sessionId ?? ''}-u${index}`,
      manual_cut: true,
      src_lang: 'zh',
      tgt_lang: 'en',
      audio,
      audio_format: 'pcm16',
      sample_rate: 16_000,
    };
    this.#open.set(index, { message, job: undefined, why: undefined });
    this.#submit(message);
    return true;
  }

  #submit(message: Utterance): void {
    const { audio, request_id: key, utterance_index: index } = message;
    this.#note({ op: 'submit', phase: 'invoke', key, index, hash: hashOfPayload(audio) });
    this.#line.say(message);
  }

  #greet(): void {
    const resume =
      this.#resumeToken === undefined ? {} : { resume_token: this.#resumeToken, last_seq: this.#lastSeq };
    this.#line.say({
      type: 'session_init',
      client_version: '1.0.0',
      platform: 'web',
      src_lang: 'zh',
      tgt_lang: 'en',
      ...resume,
    });
    this.#cancelGreeting = this.#options.clock.after(openWithinMs, () => {
      this.#line.drop();
    });
  }

  #cutOff(): void {
    this.#cancelGreeting();
    if (!this.#greeted) return;
    this.#greeted = false;
    this.#note({ op: 'cut', phase: 'info' });
  }

  #hear(message: Record<string, unknown>): void {
    const index = typeof message['utterance_index'] === 'number' ? message['utterance_index'] : undefined;
    switch (message['type']) {
      case 'session_init_ack':
        this.#welcomed(message);
        break;
      case 'job_accepted':
        this.#accepted(index, message['job_id']);
        break;
      case 'ui_event':
        this.#event(index, message);
        break;
      case 'translation_result':
        this.#answered(index, message, 'result');
        break;
      case 'missing_result':
        this.#answered(index, message, message['reason'] === 'failed' ? 'failure' : 'missing');
        break;
    }
  }

  #welcomed(message: Record<string, unknown>): void {
    this.#cancelGreeting();
    const sessionId = String(message['session_id']);
    const resumed = sessionId === this.#sessionId;
    this.#sessionId = sessionId;
    this.#greeted = true;
    this.#resumeToken = typeof message['resume_token'] === 'string' ? message['resume_token'] : undefined;
    if (resumed) {
      this.#note({ op: 'resume', phase: 'ok' });
      for (const { message: again } of this.#open.values()) this.#submit(again);
      return;
    }
    this.#open.clear();
    this.#nextIndex = 0;
    this.#lastSeq = 0;
    this.#note({ op: 'open', phase: 'ok' });
  }

  #event(index: number | undefined, { event, job_id: job, error_code: code }: Record<string, unknown>): void {
    if (event !== 'DISPATCHED' && event !== 'ERROR') return;
    this.#accepted(index, job);
    const request = index === undefined ? undefined : this.#open.get(index);
    if (request && event === 'ERROR') request.why = String(code);
  }

  #accepted(index: number | undefined, job: unknown): void {
    const request = index === undefined ? undefined : this.#open.get(index);
    if (!request || index === undefined || typeof job !== 'string' || job === '') return;
    request.job = job;
    this.#note({ op: 'submit', phase: 'ok', key: request.message.request_id, index, job });
  }

  #answered(
    index: number | undefined,
    message: Record<string, unknown>,
    outcome: 'result' | 'failure' | 'missing',
  ): void {
    if (index === undefined) return;
    const { job: known, why } = this.#open.get(index) ?? {};
    const job = typeof message['job_id'] === 'string' ? message['job_id'] : known;
    const seq = typeof message['seq'] === 'number' ? message['seq'] : undefined;
    const answer = {
      index,
      outcome,
      ...(job === undefined || outcome === 'missing' ? {} : { job }),
      ...(seq === undefined ? {} : { seq }),
      ...(outcome === 'failure' && why !== undefined ? { detail: why } : {}),
      ...(outcome === 'result' ? { hash: String(message['text_translated']) } : {}),
    };
    if (seq !== undefined) {
      this.#note({ op: 'wire', phase: 'info', ...answer });
      if (seq <= this.#lastSeq) return;
      this.#lastSeq = seq;
    }
    this.#open.delete(index);
    this.#note({ op: 'answer', phase: 'ok', ...answer });
  }

  #note(event: Omit<HistoryEvent, 'at' | 'actor' | 'session'>): void {
    this.#options.history.add({ actor: this.#options.name, session: this.#sessionId ?? '', ...event });
  }
}
