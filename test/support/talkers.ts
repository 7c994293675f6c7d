/** Sessions and nodes that go on whatever happens to the instances: clients that can resume, behind something that chooses for them. */
import assert from 'node:assert/strict';
import { eventually } from './eventually.ts';
import type { Message } from './message-log.ts';
import { NodeClient, translationOf } from './node-client.ts';
import { SessionClient } from './session-client.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Addresses to connect to, as a load balancer would choose: any instance that is ready, another one each time. */
export class Balancer {
  readonly #urls: () => readonly string[];
  #next = 0;

  /** @param urls of the instances that may be tried now */
  constructor(urls: () => readonly string[]) {
    this.#urls = urls;
  }

  async connect<Client>(open: (url: string) => Promise<Client>): Promise<Client> {
    for (;;) {
      const urls = this.#urls();
      const url = urls[this.#next++ % urls.length];
      const client = url === undefined ? undefined : await open(url).catch(() => undefined);
      if (client) return client;
      await pause(50);
    }
  }
}

/** A client that says one utterance after the other, connects again when it is sent away, and asks for what it missed. */
export class Talker {
  readonly results = new Map<number, Message>();
  readonly failures: Message[] = [];
  moves = 0;
  readonly #balancer: Balancer;
  #client: SessionClient | undefined;
  #token: string | undefined;
  #lastSeq = 0;

  constructor(balancer: Balancer) {
    this.#balancer = balancer;
  }

  /** Resolves with the result in hand, however often the connection ended meanwhile. */
  async say(index: number): Promise<void> {
    while (!this.results.has(index)) {
      this.#client ??= await this.#connect();
      const client = this.#client;
      void client.closed.then(() => {
        if (this.#client === client) this.#client = undefined;
      });
      // Said anew on each connection: under the same request_id nothing starts twice.
      client.say({ index, requestId: `r-${String(index)}` });
      const isAnswer = (message: Message) =>
        ['translation_result', 'missing_result'].includes(message.type) &&
        message['utterance_index'] === index;
      await eventually(
        'an answer or the end',
        () => this.#client !== client || client.log.all.some(isAnswer),
        60_000,
      );
      for (const message of client.log.all) this.#take(message);
    }
  }

  async #connect(): Promise<SessionClient> {
    const resume = this.#token === undefined ? {} : { resume_token: this.#token, last_seq: this.#lastSeq };
    const init = { extensions: ['resume', 'job_accepted'], ...resume };
    const client = await this.#balancer.connect((url) => SessionClient.open(url, init));
    if (this.#token !== undefined) this.moves += 1;
    this.#token = String(client.log.ofType('session_init_ack')[0]?.['resume_token']);
    return client;
  }

  #take(message: Message): void {
    if (message.type === 'error' || message.type === 'missing_result') this.failures.push(message);
    if (message.type !== 'translation_result') return;
    this.results.set(Number(message['utterance_index']), message);
    this.#lastSeq = Math.max(this.#lastSeq, Number(message['seq']));
  }
}

/** A worker as they are: connects again wherever it can, until it is over. */
export async function work(balancer: Balancer, nodeId: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const node = await balancer.connect((url) => NodeClient.open(url, { nodeId, slots: 8, delayMs: 20 }));
    await Promise.race([node.closed, eventually('the end', isOver, 240_000)]);
    await node.close();
  }
}

/** Every utterance was answered once, with its own translation, and none as failed. */
export function assertUnharmed({ results, failures }: Talker, said: number): void {
  assert.deepEqual(
    [...results.keys()].sort((a, b) => a - b),
    Array.from({ length: said }, (_, index) => index),
    'lost 0',
  );
  assert.deepEqual(failures, [], 'failed 0');
  for (const [index, result] of results) {
    const audio = Buffer.from(`audio-${String(index)}`).toString('base64');
    assert.equal(result['text_translated'], translationOf(audio));
  }
}
