/** Every instance is restarted, one after the other, while clients that can resume go on talking. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/message-log.ts';
import { NodeClient, translationOf } from '../support/node-client.ts';
import { SessionClient } from '../support/session-client.ts';
import { Fleet } from './fleet.ts';

const instances = ['a', 'b', 'c'] as const;
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Addresses to connect to, as a load balancer would choose: any instance that is ready, another one each time. */
class Balancer {
  readonly #fleet: Fleet;
  #next = 0;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  async connect<Client>(open: (url: string) => Promise<Client>): Promise<Client> {
    for (;;) {
      const { url } = this.#fleet.on(instances[this.#next++ % instances.length] ?? 'a');
      const client = await open(url).catch(() => undefined);
      if (client) return client;
      await pause(50);
    }
  }
}

/** A client that says one utterance after the other, connects again when it is sent away, and asks for what it missed. */
class Talker {
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

describe('three instances that are restarted one after the other under load', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances, config: { limits: { overload_delay_ms: 0 } } });
  });
  after(() => fleet.stop());

  it('lose nothing and fail nothing', async () => {
    const balancer = new Balancer(fleet);
    let over = false;
    /** A worker as they are: connects again wherever it can. */
    const work = async (nodeId: string) => {
      while (!over) {
        const node = await balancer.connect((url) => NodeClient.open(url, { nodeId, slots: 8, delayMs: 20 }));
        await Promise.race([node.closed, eventually('the end', () => over, 120_000)]);
        await node.close();
      }
    };
    const workers = ['n-1', 'n-2', 'n-3'].map(work);
    const talkers = range(6).map(() => new Talker(balancer));
    let restarted = 0;
    const talks = talkers.map(async (talker) => {
      let index = 0;
      for (; restarted < instances.length || index < 20; index += 1) await talker.say(index);
      return index;
    });
    for (const id of instances) {
      assert.deepEqual(await fleet.on(id).stop(), { code: 0, signal: null });
      await fleet.add(id);
      restarted += 1;
    }
    const said = await Promise.all(talks);
    over = true;
    await Promise.all(workers);
    for (const [i, talker] of talkers.entries()) {
      assert.deepEqual(
        [...talker.results.keys()].sort((a, b) => a - b),
        range(said[i] ?? 0),
        'lost 0',
      );
      assert.deepEqual(talker.failures, [], 'failed 0');
      for (const [index, result] of talker.results) {
        const audio = Buffer.from(`audio-${String(index)}`).toString('base64');
        assert.equal(result['text_translated'], translationOf(audio));
      }
    }
    assert.ok(
      talkers.every(({ moves }) => moves > 0),
      'all had to move',
    );
  });
});
