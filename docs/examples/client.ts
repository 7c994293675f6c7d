/**
 * A client that loses nothing: it resumes on any instance, sends again what nobody confirmed, and drops what it had before.
 *
 *   node docs/examples/client.ts URL [URL ...] [--utterances N] [--every MS]
 *
 * URLs are those of instances or of one load balancer, for example ws://localhost:5010. Node 22.18 or newer; uses no
 * library, because WebSocket is part of Node and of browsers.
 */
import { parseArgs } from 'node:util';

type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What a client must keep until it is answered, by `request_id`. */
interface Open {
  readonly index: number;
  readonly message: Message;
}

const firstDelayMs = 200;

class TranslationClient {
  /** Utterances without an answer; a real client keeps them on disk if it may crash itself. */
  readonly open = new Map<string, Open>();
  readonly #urls: readonly string[];
  readonly #onAnswer: (message: Message) => void;
  readonly #seen = new Set<number>();
  #socket: WebSocket | undefined;
  #sessionId = '';
  #resumeToken: string | undefined;
  /** Every answer up to this number has been handled. */
  #handledUpTo = 0;
  #tries = 0;
  #delayMs = firstDelayMs;
  #closed = false;

  constructor(urls: readonly string[], onAnswer: (message: Message) => void) {
    this.#urls = urls;
    this.#onAnswer = onAnswer;
    this.#connect();
  }

  say(index: number, audio: string): void {
    const requestId = `utterance-${String(index)}`;
    const message: Message = {
      type: 'utterance',
      utterance_index: index,
      request_id: requestId,
      manual_cut: true,
      src_lang: 'zh',
      tgt_lang: 'en',
      audio,
      audio_format: 'pcm16',
      sample_rate: 16_000,
    };
    this.open.set(requestId, { index, message });
    if (this.#sessionId !== '') this.#send({ ...message, session_id: this.#sessionId });
  }

  close(): void {
    this.#closed = true;
    this.#send({ type: 'session_close', session_id: this.#sessionId });
    this.#socket?.close();
  }

  #connect(): void {
    const url = this.#urls[this.#tries % this.#urls.length] ?? '';
    this.#tries += 1;
    const socket = new WebSocket(`${url}/ws/session`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#greet();
    };
    socket.onmessage = ({ data }) => {
      this.#receive(JSON.parse(String(data)) as Message);
    };
    socket.onclose = ({ code }) => {
      this.#sessionId = '';
      if (this.#closed) return;
      console.log(
        `connection ended (${String(code)}); trying ${this.#urls[this.#tries % this.#urls.length] ?? ''}`,
      );
      // Longer each time, while nobody answers; a random part keeps a thousand clients from coming back in the same instant.
      this.#delayMs = Math.min(2 * this.#delayMs, 10_000);
      setTimeout(
        () => {
          this.#connect();
        },
        this.#delayMs * (0.5 + Math.random() / 2),
      );
    };
  }

  #greet(): void {
    this.#send({
      type: 'session_init',
      client_version: 'example',
      platform: 'node',
      src_lang: 'zh',
      tgt_lang: 'en',
      extensions: ['resume', 'job_accepted'],
      ...(this.#resumeToken ? { resume_token: this.#resumeToken, last_seq: this.#handledUpTo } : {}),
    });
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'session_init_ack':
        this.#begin(message);
        return;
      case 'translation_result':
      case 'missing_result':
        this.#answer(message);
        return;
      case 'error':
        console.log(`error ${String(message['code'])}: ${String(message['message'])}`);
        if (message['code'] === 'NODE_OVERLOADED') this.#sayLater(message['details']);
        return;
      default:
        return;
    }
  }

  /** The same session, or a new one that knows nothing: either way, what is open is said again under its request_id. */
  #begin(ack: Message): void {
    this.#sessionId = String(ack['session_id']);
    this.#delayMs = firstDelayMs;
    this.#resumeToken = String(ack['resume_token']);
    if (ack['resumed'] !== true) {
      this.#handledUpTo = 0;
      this.#seen.clear();
    }
    for (const { message } of this.open.values()) this.#send({ ...message, session_id: this.#sessionId });
  }

  #answer(message: Message): void {
    const seq = Number(message['seq']);
    if (this.#seen.has(seq) || seq <= this.#handledUpTo) return;
    this.#seen.add(seq);
    while (this.#seen.delete(this.#handledUpTo + 1)) this.#handledUpTo += 1;
    for (const [requestId, { index }] of this.open)
      if (index === message['utterance_index']) this.open.delete(requestId);
    this.#onAnswer(message);
    this.#send({ type: 'session_ack', session_id: this.#sessionId, last_seq: this.#handledUpTo });
  }

  /** Too much is under way: an utterance was not taken on, or too many clients come back at once. */
  #sayLater(details: unknown): void {
    const { request_id: requestId, retry_after_ms: afterMs } = details as Record<string, unknown>;
    const socket = this.#socket;
    setTimeout(
      () => {
        if (this.#socket !== socket) return;
        const open = this.open.get(String(requestId));
        if (this.#sessionId === '') this.#greet();
        else if (open) this.#send({ ...open.message, session_id: this.#sessionId });
      },
      Number(afterMs) * (1 + Math.random()),
    );
  }

  #send(message: Message): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { utterances: { type: 'string', default: '10' }, every: { type: 'string', default: '200' } },
});
const urls = positionals.length > 0 ? positionals : ['ws://localhost:5010'];
const total = Number(values.utterances);
let answered = 0;

const client = new TranslationClient(urls, (message) => {
  answered += 1;
  console.log(
    `${String(message['utterance_index'])}: ${String(message['text_translated'] ?? message['reason'])}`,
  );
  if (answered < total) return;
  console.log(`${String(answered)} of ${String(total)} utterances answered`);
  client.close();
});
for (let index = 0; index < total; index += 1) {
  setTimeout(
    () => {
      client.say(index, Buffer.from(`utterance ${String(index)}`).toString('base64'));
    },
    index * Number(values.every),
  );
}
