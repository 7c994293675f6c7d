/**
 * A worker as the original's are: registers, sends heartbeats, and answers each job with a text made of the audio, so
 * that a test can tell whose answer it got.
 */
import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import { paths } from '../../common/workload.ts';
import { MessageLog, type Message } from './message-log.ts';
import { opened, type Closed } from './session-client.ts';

export interface NodeOptions {
  readonly nodeId?: string;
  readonly slots?: number;
  /** How long a job takes, in milliseconds; undefined is for ever. */
  readonly delayMs?: number | ((job: Message) => number | undefined);
  /** Changes the answer, for instance into a failure. */
  readonly answer?: (job: Message, result: Record<string, unknown>) => Record<string, unknown>;
  readonly heartbeatMs?: number;
  readonly services?: readonly string[];
  /** Sends `job_ack` before it works. */
  readonly acknowledges?: boolean;
  /** The machine behind the connection: with one of its own, what it runs goes on when the connection ends. */
  readonly machine?: Machine;
  /** Part of the registration. */
  readonly register?: Record<string, unknown>;
}

/** What runs on a node, whichever connection it came by and whichever is open now. */
export class Machine {
  /** Each attempt with its timer; two attempts of one job are two pieces of work. */
  readonly running = new Map<string, NodeJS.Timeout | undefined>();
  /** The most jobs it ever had at once. */
  mostAtOnce = 0;
  connection: NodeClient | undefined;

  begin(job: Message, timer: NodeJS.Timeout | undefined): void {
    this.running.set(attemptOf(job), timer);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running.size);
  }

  end(job: Message): void {
    this.#drop(attemptOf(job));
  }

  /** Keeps a result until there is a connection that is registered. */
  deliver(job: Message): void {
    if (this.connection?.isRegistered) this.connection.finish(job);
    else
      this.running.set(
        attemptOf(job),
        setTimeout(() => {
          this.deliver(job);
        }, 20),
      );
  }

  /** A cancel names the job and no attempt. */
  cancel(jobId: string): void {
    for (const attempt of this.running.keys()) if (attempt.startsWith(`${jobId}/`)) this.#drop(attempt);
  }

  stop(): void {
    for (const attempt of this.running.keys()) this.#drop(attempt);
  }

  #drop(attempt: string): void {
    clearTimeout(this.running.get(attempt));
    this.running.delete(attempt);
  }
}

const attemptOf = (job: Message): string => `${String(job['job_id'])}/${String(job['attempt_id'])}`;

const coreServices = ['node-inference', 'nmt-m2m100', 'piper-tts'];

/** What a node makes of audio: the same text for the same audio, on any node. */
export const translationOf = (audioBase64: string): string =>
  createHash('sha256').update(audioBase64).digest('hex').slice(0, 16);

export class NodeClient {
  readonly log = new MessageLog();
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #options: NodeOptions;
  readonly #machine: Machine;
  #heartbeat: NodeJS.Timeout | undefined;
  #nodeId = '';

  private constructor(socket: WebSocket, options: NodeOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#machine = options.machine ?? new Machine();
    this.#machine.connection = this;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#stop();
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('message', (data: Buffer) => {
      this.#receive(JSON.parse(data.toString()) as Message);
    });
    socket.on('error', () => undefined);
  }

  /** Connects and registers; ready a heartbeat later. */
  static async open(url: string, options: NodeOptions = {}): Promise<NodeClient> {
    const client = await NodeClient.connect(url, options);
    client.register();
    const ack = await client.log.first('node_register_ack', ({ type }) => type === 'node_register_ack');
    client.#nodeId = String(ack['node_id']);
    client.beat();
    client.#heartbeat = setInterval(() => {
      client.beat();
    }, options.heartbeatMs ?? 500);
    return client;
  }

  /** Opens and waits until the scheduler calls it ready. */
  static async ready(url: string, options: NodeOptions = {}): Promise<NodeClient> {
    const client = await NodeClient.open(url, options);
    await client.log.first(
      'node ready',
      (message) => message.type === 'node_status' && message['status'] === 'ready',
    );
    return client;
  }

  /** Connects only: for tests that break the rules. */
  static async connect(url: string, options: NodeOptions = {}): Promise<NodeClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${paths.nodeSocket}`);
    const client = new NodeClient(socket, options);
    await opened(socket);
    return client;
  }

  get nodeId(): string {
    return this.#nodeId;
  }

  get isRegistered(): boolean {
    return this.#nodeId !== '' && this.#socket.readyState === WebSocket.OPEN;
  }

  get running(): number {
    return this.#machine.running.size;
  }

  /** The most jobs it ever had at once. */
  get mostAtOnce(): number {
    return this.#machine.mostAtOnce;
  }

  jobs(): Message[] {
    return this.log.ofType('job_assign');
  }

  register(part: Record<string, unknown> = {}): void {
    const { nodeId, slots, services = coreServices } = this.#options;
    this.send({
      type: 'node_register',
      node_id: nodeId ?? null,
      version: '1.0',
      capability_schema_version: '1.0',
      platform: 'linux',
      hardware: { cpu_cores: 8, memory_gb: 32, gpus: [{ name: 'RTX', memory_gb: 16 }] },
      installed_models: [],
      installed_services: services.map((service_id) => ({ service_id, version: '1', platform: 'linux-x64' })),
      features_supported: {},
      accept_public_jobs: true,
      capability_state: Object.fromEntries(services.map((id) => [id, 'ready'])),
      ...(slots === undefined ? {} : { max_concurrent_jobs: slots }),
      ...this.#options.register,
      ...part,
    });
  }

  beat(usage: Record<string, unknown> = {}): void {
    this.send({
      type: 'node_heartbeat',
      node_id: this.#nodeId,
      timestamp: 0,
      resource_usage: {
        cpu_percent: 5,
        gpu_percent: 5,
        mem_percent: 5,
        running_jobs: this.running,
        ...usage,
      },
    });
  }

  /** Ends a job that has no delay of its own. */
  finish(job: Message): void {
    this.#machine.end(job);
    const text = translationOf(String(job['audio']));
    const result = {
      ...this.#reference(job),
      type: 'job_result',
      utterance_index: job['utterance_index'],
      success: true,
      text_asr: `heard ${text}`,
      text_translated: text,
      tts_audio: 'AAAA',
      tts_format: 'pcm16',
      processing_time_ms: 1,
    };
    this.send(this.#options.answer?.(job, result) ?? result);
  }

  send(message: Record<string, unknown>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  sendRaw(frame: string): void {
    this.#socket.send(frame);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** The cable is cut. */
  async terminate(): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }

  #receive(message: Message): void {
    if (message.type === 'job_assign') this.#work(message);
    if (message.type === 'job_cancel') this.#machine.cancel(String(message['job_id']));
    this.log.add(message);
  }

  #work(job: Message): void {
    const { delayMs = 0, acknowledges = false } = this.#options;
    if (acknowledges) this.send({ ...this.#reference(job), type: 'job_ack' });
    const takesMs = typeof delayMs === 'number' ? delayMs : delayMs(job);
    const timer =
      takesMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#machine.deliver(job);
          }, takesMs);
    this.#machine.begin(job, timer);
  }

  #reference(job: Message): Record<string, unknown> {
    const { job_id, attempt_id, session_id, trace_id } = job;
    return { job_id, attempt_id, node_id: this.#nodeId, session_id, trace_id };
  }

  #stop(): void {
    clearInterval(this.#heartbeat);
    if (!this.#options.machine) this.#machine.stop();
  }
}
