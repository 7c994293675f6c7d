/**
 * A client that says what it wants when it wants, whatever became of the last thing it said (open loop), and writes down
 * what it hears. Cut off, it resumes its session at any instance and says again what has no answer; when nobody knows its
 * session any more it says the same things in a new one. What docs/protocol.md asks of a client it does, and no more.
 */
import type { Clock } from '../../../common/clock.ts';
import { hashOfPayload, type History, type HistoryEvent } from '../history.ts';
import type { SeededRandom } from '../random.ts';
import { Line } from './line.ts';
import { Received } from './received.ts';

export interface FakeSessionOptions {
  readonly name: string;
  readonly addresses: () => readonly string[];
  readonly history: History;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Bytes of audio of an utterance, before base64. */
  readonly audioBytes?: number;
  /** How long it waits for a connection, and then for its greeting, before it tries anew. */
  readonly patienceMs?: number;
}

interface Utterance {
  readonly type: 'utterance';
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
/** Answers of this long are acknowledged together. */
const acknowledgeAfterMs = 60;

export class FakeSession {
  readonly #options: FakeSessionOptions;
  readonly #line: Line;
  readonly #open = new Map<number, OpenRequest>();
  /** Jobs by the number of their failure, which does not name them when it is told again. */
  readonly #failed = new Map<number, string>();
  #sessionId: string | undefined;
  #resumeToken: string | undefined;
  #received = new Received();
  #acknowledging = false;
  #accepts = 0;
  #greetings = 0;
  #nextIndex = 0;
  #greeted = false;
  #cancelGreeting: () => void = () => undefined;

  constructor(options: FakeSessionOptions) {
    this.#options = options;
    this.#line = new Line({
      path: '/ws/session',
      addresses: () => this.#whereNext(),
      clock: options.clock,
      ...(options.patienceMs === undefined ? {} : { handshakeMs: options.patienceMs }),
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

  /** Utterances sent that have no answer and were not refused. */
  get unanswered(): number {
    return this.#open.size;
  }

  /** How often it was greeted: once more each time it comes back. */
  get greetings(): number {
    return this.#greetings;
  }

  /** How often it was told that an utterance is accepted. */
  get accepted(): number {
    return this.#accepts;
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
    if (last) this.#submit(last);
  }

  /** Leaves for good: what it still had to hear it does not hear. */
  async end(): Promise<void> {
    this.#cutOff('left');
    await this.#line.end();
  }

  /** First where it was asked to begin; a client that comes back comes to any instance. */
  #whereNext(): readonly string[] {
    const { addresses, random } = this.#options;
    const all = addresses();
    const first = this.#sessionId === undefined ? 0 : random.between(0, all.length - 1);
    return [...all.slice(first), ...all.slice(0, first)];
  }

  #speakAs(index: number, next: number): boolean {
    const { name, random, audioBytes = 48 } = this.#options;
    if (!this.#greeted) return false;
    this.#nextIndex = next;
    const text = `${name} ${this.#sessionId ?? ''} ${index} ${random.id()}`;
    const audio = Buffer.from(text.padEnd(audioBytes, '.')).toString('base64');
    const message = {
      type: 'utterance' as const,
      utterance_index: index,
      request_id: `${name}-u${index}`,
      manual_cut: true,
      src_lang: 'zh',
      tgt_lang: 'en',
      audio,
      audio_format: 'pcm16',
      sample_rate: 16_000,
    };
    const request = { message, job: undefined, why: undefined };
    this.#open.set(index, request);
    this.#submit(request);
    return true;
  }

  #submit({ message }: OpenRequest): void {
    const { audio, request_id: key, utterance_index: index } = message;
    this.#note({ op: 'submit', phase: 'invoke', key, index, hash: hashOfPayload(audio) });
    this.#line.say({ ...message, session_id: this.#sessionId });
  }

  #greet(): void {
    const resume =
      this.#resumeToken === undefined
        ? {}
        : { resume_token: this.#resumeToken, last_seq: this.#received.through };
    this.#line.say({
      type: 'session_init',
      client_version: '1.0.0',
      platform: 'web',
      src_lang: 'zh',
      tgt_lang: 'en',
      extensions: ['resume', 'job_accepted'],
      ...resume,
    });
    this.#cancelGreeting = this.#options.clock.after(this.#options.patienceMs ?? openWithinMs, () => {
      this.#line.drop();
    });
  }

  /** Too many come back at once. */
  #greetLater(afterMs: number): void {
    this.#cancelGreeting();
    const delayMs = afterMs * (1 + this.#options.random.next());
    this.#cancelGreeting = this.#options.clock.after(delayMs, () => {
      this.#greet();
    });
  }

  #cutOff(detail?: 'left'): void {
    this.#cancelGreeting();
    if (!this.#greeted && detail === undefined) return;
    this.#greeted = false;
    this.#note({ op: 'cut', phase: 'info', ...(detail === undefined ? {} : { detail }) });
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
      case 'error':
        this.#refused(message);
        break;
    }
  }

  #welcomed(message: Record<string, unknown>): void {
    this.#cancelGreeting();
    const before = this.#sessionId;
    this.#sessionId = String(message['session_id']);
    this.#greeted = true;
    this.#greetings += 1;
    this.#resumeToken = typeof message['resume_token'] === 'string' ? message['resume_token'] : undefined;
    if (this.#sessionId === before) this.#note({ op: 'resume', phase: 'ok' });
    else {
      this.#received = new Received();
      for (const request of this.#open.values()) request.job = undefined;
      this.#note({ op: 'open', phase: 'ok', ...(before === undefined ? {} : { instead: before }) });
    }
    for (const request of this.#open.values()) this.#submit(request);
  }

  /** Something that was said could not be read; what nobody has confirmed may be it. */
  #sayAgain(): void {
    for (const request of this.#open.values()) if (request.job === undefined) this.#submit(request);
  }

  /** Not taken on: too much is under way, or nobody knows what became of it and it is said again. */
  #refused({ code, details }: Record<string, unknown>): void {
    if (code === 'INVALID_SESSION' && !this.#greeted) this.#note({ op: 'resume', phase: 'fail' });
    if (code === 'INVALID_MESSAGE') this.#sayAgain();
    const about = (details ?? {}) as Record<string, unknown>;
    if (code === 'NODE_OVERLOADED' && !this.#greeted) this.#greetLater(Number(about['retry_after_ms']));
    const request = this.#open.get(Number(about['utterance_index']));
    if (!request) return;
    const { request_id: key, utterance_index: index } = request.message;
    if (code === 'NODE_OVERLOADED') {
      this.#note({ op: 'submit', phase: 'fail', key, index, detail: code });
      this.#open.delete(index);
    } else if (code === 'SCHEDULER_DEPENDENCY_DOWN' && about['request_id'] === key) {
      this.#note({ op: 'submit', phase: 'info', key, index, detail: code });
      this.#options.clock.after(
        Number(about['retry_after_ms']) + this.#options.random.between(0, 200),
        () => {
          if (this.#greeted && this.#open.get(index) === request) this.#submit(request);
        },
      );
    }
  }

  #event(index: number | undefined, { event, job_id: job, error_code: code }: Record<string, unknown>): void {
    const request = index === undefined ? undefined : this.#open.get(index);
    if (!request || event !== 'ERROR') return;
    if (typeof job === 'string' && job !== '') request.job = job;
    request.why = String(code);
  }

  #accepted(index: number | undefined, job: unknown): void {
    const request = index === undefined ? undefined : this.#open.get(index);
    if (!request || index === undefined || typeof job !== 'string' || job === '') return;
    request.job = job;
    this.#accepts += 1;
    this.#note({ op: 'submit', phase: 'ok', key: request.message.request_id, index, job });
  }

  /** Of an answer that does not name it: a failure. */
  #jobOf(index: number, seq = 0): string | undefined {
    const job = this.#open.get(index)?.job ?? this.#failed.get(seq);
    if (job !== undefined && seq > 0) this.#failed.set(seq, job);
    return job;
  }

  #answered(
    index: number | undefined,
    message: Record<string, unknown>,
    outcome: 'result' | 'failure' | 'missing',
  ): void {
    if (index === undefined) return;
    const seq = typeof message['seq'] === 'number' ? message['seq'] : undefined;
    const why = this.#open.get(index)?.why;
    const job = typeof message['job_id'] === 'string' ? message['job_id'] : this.#jobOf(index, seq);
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
      if (!this.#received.take(seq)) return;
      this.#acknowledgeSoon();
    }
    this.#open.delete(index);
    this.#note({ op: 'answer', phase: 'ok', ...answer });
  }

  #acknowledgeSoon(): void {
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    this.#options.clock.after(acknowledgeAfterMs, () => {
      this.#acknowledging = false;
      if (!this.#greeted) return;
      this.#line.say({
        type: 'session_ack',
        session_id: this.#sessionId,
        last_seq: this.#received.through,
      });
    });
  }

  #note(event: Omit<HistoryEvent, 'at' | 'actor' | 'session'>): void {
    this.#options.history.add({ actor: this.#options.name, session: this.#sessionId ?? '', ...event });
  }
}
