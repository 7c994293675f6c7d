/**
 * Hostile messages and bytes over real sockets against a real process, beside sessions and nodes that behave and must not
 * notice. The process must live, and log no failure of its own code.
 */
import fc from 'fast-check';
import type { Judgement } from '../checker.ts';
import { metricOf } from '../environment/row.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { Life, oneLife } from '../fleet/life.ts';
import type { SeededRandom } from '../random.ts';
import { abuses, badRequests, type Abuse } from './abuses.ts';
import { goodMessages, type Message } from './messages.ts';
import { mutate, mutateField } from './mutate.ts';
import { clientFrame, RudeClient } from './rude-client.ts';

type Side = 'session' | 'node';

export interface SocketFuzz {
  readonly sent: number;
  readonly connections: number;
  /** Bytes by which the process became larger between the first tenth of the messages and the last. */
  readonly growth: number;
  /** What went otherwise than it should. */
  readonly faults: readonly string[];
  /** Of the sessions and nodes beside it. */
  readonly bystanders: Judgement;
}

/** A lease that outlives what a busy machine does to the process: it is not the lease that is tested here. */
export const fuzzOverrides = {
  limits: { max_payload_bytes: 65_536, max_node_payload_bytes: 65_536, ping_interval_seconds: 5 },
  scheduler: { phase2: { owner_ttl_seconds: 30 } },
} as const;
const maxPayloadBytes = fuzzOverrides.limits.max_payload_bytes;

/** @param fleet one instance is enough; it must have been started with `fuzzOverrides` */
export async function fuzzSockets(fleet: Fleet, messages: number, random: SeededRandom): Promise<SocketFuzz> {
  const life = await Life.begin(fleet, { ...oneLife, sessions: [0, 0], nodes: [{ place: 0, slots: 2 }] });
  const siege = new Siege(fleet, random);
  try {
    let over = false;
    const bystanding = (async () => {
      while (!over) await life.load();
    })();
    await siege.abuse();
    await siege.request();
    await siege.speak(messages / 10);
    const before = await residentBytes(fleet);
    await siege.speak(messages);
    const growth = (await residentBytes(fleet)) - before;
    over = true;
    await bystanding;
    siege.readLog();
    if (growth > mostGrowth) siege.faults.push(`the process grew by ${growth} bytes`);
    const bystanders = await life.judge();
    return { sent: siege.sent, connections: siege.connections, growth, faults: siege.faults, bystanders };
  } finally {
    await life.end();
  }
}

const perConnection = 50;
/** Far below what 9,000 messages would leave behind if each left something; a heap that is not full is not collected. */
const mostGrowth = 96 * 1024 * 1024;

const residentBytes = async (fleet: Fleet): Promise<number> =>
  metricOf(await fleet.at(0).metrics(), 'process_resident_memory_bytes');

class Siege {
  readonly #fleet: Fleet;
  readonly #random: SeededRandom;
  readonly faults: string[] = [];
  sent = 0;
  connections = 0;

  constructor(fleet: Fleet, random: SeededRandom) {
    this.#fleet = fleet;
    this.#random = random;
  }

  async abuse(): Promise<void> {
    for (const path of ['/ws/session', '/ws/node'])
      for (const abuse of abuses) await this.#abuseOnce(path, abuse);
  }

  async request(): Promise<void> {
    for (const { name, bytes, then } of badRequests) {
      const client = this.#client();
      client.write(bytes);
      await client.until(() => client.status !== 0 || client.ended);
      if (!then.includes(client.status))
        this.faults.push(`${name}: answered ${client.status}, not ${then.join(' or ')}`);
      client.end();
    }
  }

  /** Mutations of every message, some after a proper greeting so that they get further. */
  async speak(messages: number): Promise<void> {
    const sides = ['session', 'node'] as const;
    for (let turn = 0; this.sent < messages; turn++) {
      const side = sides[turn % 2] ?? 'session';
      const client = this.#client();
      if (!(await client.upgrade(`/ws/${side}`))) {
        this.faults.push(`an upgrade was answered ${client.status}`);
        return;
      }
      const greeted = this.#random.next() < 0.7 ? await this.#greet(side, client) : undefined;
      await this.#sayMany(side, client, greeted);
      client.end();
    }
  }

  /** What the process itself calls a failure of its own code. */
  readLog(): void {
    for (const { id, output } of this.#fleet.instances) {
      for (const line of output.split('\n')) {
        if (/"level":"(ERROR|FATAL)"|[Uu]nhandled|^\s+at .*scheduler\//.test(line))
          this.faults.push(`${id} logged: ${line.slice(0, 600)}`);
      }
    }
  }

  #client(): RudeClient {
    this.connections += 1;
    return new RudeClient(this.#fleet.at(0).port, this.#fleet.clock);
  }

  async #abuseOnce(path: string, { name, bytes, then }: Abuse): Promise<void> {
    const client = this.#client();
    const expected = then.filter((code) => code !== 'open');
    await client.upgrade(path);
    client.write(bytes({ maxPayloadBytes }));
    if (then.includes('open')) client.write(clientFrame('still there?'));
    await client.until(
      () => client.closeCode !== undefined || (then.includes('open') && client.texts.length > 0),
    );
    const code = client.closeCode ?? (client.texts.length > 0 ? 'open' : 'silent');
    const right = code === 'open' ? then.includes('open') : expected.includes(Number(code));
    if (!right) this.faults.push(`${path}, ${name}: ${code}, not ${then.join(' or ')}`);
    client.end();
  }

  /** The session's or node's id, as the scheduler gave it. */
  async #greet(side: Side, client: RudeClient): Promise<string | undefined> {
    client.write(clientFrame(JSON.stringify(side === 'session' ? greeting : registration)));
    await client.until(() => client.texts.length > 0 || client.ended);
    const ack = JSON.parse(client.texts[0] ?? '{}') as Message;
    const id = ack[side === 'session' ? 'session_id' : 'node_id'];
    return typeof id === 'string' ? id : undefined;
  }

  async #sayMany(side: Side, client: RudeClient, id: string | undefined): Promise<void> {
    const good = fc.sample(goodMessages[side], {
      numRuns: perConnection,
      seed: this.#random.between(0, 0x7fffffff),
    });
    for (const message of good) {
      const own = id === undefined ? message : withOwnId(side, message, id);
      const text = this.#random.next() < 0.5 ? mutate(own, this.#random) : mutateField(own, this.#random);
      if (Buffer.byteLength(text) > maxPayloadBytes) continue;
      client.write(clientFrame(text));
      this.sent += 1;
    }
    // When this is answered, or the connection has ended, all before it was read.
    client.write(clientFrame('the end'));
    const before = client.texts.length;
    await client.until(() => client.ended || client.texts.length > before, 10_000);
    this.#checkAnswers(side, client);
  }

  #checkAnswers(side: Side, client: RudeClient): void {
    if (!client.ended && client.texts.length === 0)
      this.faults.push(`${side}: bad messages were not answered at all`);
    const closed = client.closeCode;
    if (closed !== undefined && ![1000, 1007, 1008, 1009, 4009].includes(closed)) {
      this.faults.push(`${side}: mutated messages ended the connection with ${closed}`);
    }
    for (const text of client.texts) {
      if (text.includes('at ') && /\.ts:\d+/.test(text))
        this.faults.push(`a stack trace was sent out: ${text.slice(0, 200)}`);
    }
  }
}

const greeting = {
  type: 'session_init',
  client_version: '1',
  platform: 'web',
  src_lang: 'zh',
  tgt_lang: 'en',
};
const registration = {
  type: 'node_register',
  version: '1',
  capability_schema_version: '1.0',
  platform: 'linux',
  hardware: { cpu_cores: 1, memory_gb: 1, gpus: [{ name: 'x', memory_gb: 1 }] },
  installed_models: [],
  // It has none of the services a job needs, so the bystanders' jobs never come to it.
  installed_services: [],
  features_supported: {},
  accept_public_jobs: false,
};

function withOwnId(side: Side, message: Message, id: string): Message {
  const field = side === 'session' ? 'session_id' : 'node_id';
  return field in message ? { ...message, [field]: id } : message;
}
