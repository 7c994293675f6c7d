/** A simulated node: slow, forgetful, and sometimes gone. */
import { FakeSocket, connect, services, type Message, type World } from './world.ts';

export class Worker {
  readonly #world: World;
  readonly #id: string;
  #socket = new FakeSocket();
  /** Jobs it has been given and neither answered nor been told to drop. */
  readonly #jobs = new Map<string, Message>();
  #place = -1;
  /** Every assignment it ever got. */
  readonly assigned: Message[] = [];
  mostAtOnce = 0;
  wellBehaved = false;
  /** It works on what it is given and answers when it is told to. */
  holding = false;
  /** Of a translation, in characters. */
  textLength = 900;

  constructor(world: World, id: string, place: number) {
    this.#world = world;
    this.#id = id;
    this.connect(place);
  }

  /** A node that goes on on the same instance keeps its work; of those that move, some do. */
  connect(place: number): void {
    if (place % 2 !== this.#place) this.#move(this.#world.chance(0.5));
    this.#place = place % 2;
    this.#socket = connect(this.#world, 'node', place);
    this.#socket.onFrame = (message) => {
      this.#receive(message);
    };
    this.#socket.say({
      type: 'node_register',
      node_id: this.#id,
      version: '1',
      platform: 'linux',
      hardware: { cpu_cores: 1, memory_gb: 1, gpus: [{ name: 'g', memory_gb: 1 }] },
      installed_services: services.map((service_id) => ({ service_id })),
      capability_state: Object.fromEntries(services.map((id) => [id, 'ready'])),
      features_supported: {},
      accept_public_jobs: true,
    });
  }

  /** The old socket stays open at its instance, which talks into the void until it hears of the move. */
  #move(keepsWork: boolean): void {
    if (!keepsWork) this.#jobs.clear();
    this.#socket.onFrame = () => undefined;
  }

  get place(): number {
    return this.#place;
  }

  /** Its instance is gone, and it begins anew with another. */
  cutOff(): void {
    this.#move(this.#world.chance(0.5));
    this.#place = -1;
  }

  /** Hangs up; a real node's work is gone with its process. */
  disconnect(): void {
    this.#socket.close();
    this.#jobs.clear();
  }

  /** Indexes of the utterances it works on. */
  get working(): number[] {
    return [...this.#jobs.values()].map((job) => Number(job['utterance_index']));
  }

  /** Answers what it works on: the utterances with these indexes, or all. */
  answer(...indexes: number[]): void {
    for (const job of [...this.#jobs.values()]) {
      if (indexes.length === 0 || indexes.includes(Number(job['utterance_index'])))
        this.#finish(this.#socket, job);
    }
  }

  /** Says of all it works on that it has taken it in. */
  acknowledge(): void {
    for (const { job_id, attempt_id, session_id } of this.#jobs.values())
      this.#socket.say({ type: 'job_ack', node_id: this.#id, job_id, attempt_id, session_id });
  }

  /** Cannot do what it works on. */
  lackModel(): void {
    const error = {
      code: 'MODEL_NOT_AVAILABLE',
      message: 'no such model',
      details: { service_id: services[0] },
    };
    for (const { job_id, attempt_id, session_id, utterance_index } of this.#jobs.values()) {
      const result = { job_id, attempt_id, session_id, utterance_index, success: false, error };
      this.#socket.say({ type: 'job_result', node_id: this.#id, ...result });
    }
    this.#jobs.clear();
  }

  beat(): void {
    const resource_usage = { cpu_percent: 0, mem_percent: 0, running_jobs: this.#jobs.size };
    this.#socket.say({ type: 'node_heartbeat', node_id: this.#id, resource_usage });
  }

  #receive(message: Message): void {
    const jobId = String(message['job_id']);
    if (message.type === 'job_cancel') this.#jobs.delete(jobId);
    if (message.type !== 'job_assign') return;
    this.assigned.push(message);
    this.#jobs.set(jobId, message);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#jobs.size);
    if (this.holding) return;
    if (!this.wellBehaved && this.#world.chance(0.15)) return;
    this.#world.clock.after(Math.floor(this.#world.dice.next() * 800), () => {
      this.#finish(this.#socket, message);
    });
  }

  #finish(socket: FakeSocket, job: Message): void {
    if (this.#jobs.get(String(job['job_id'])) !== job) return;
    this.#jobs.delete(String(job['job_id']));
    const success = this.wellBehaved || !this.#world.chance(0.1);
    const { job_id, attempt_id, session_id, utterance_index } = job;
    const result = { job_id, attempt_id, session_id, utterance_index, success, node_id: this.#id };
    socket.say({ type: 'job_result', ...result, text_translated: 't'.repeat(success ? this.textLength : 0) });
    if (this.#world.chance(0.1)) socket.say({ type: 'job_result', ...result, text_translated: 'twice' });
  }
}
