/**
 * A worker that runs nothing: after a moment it answers each job with a text that only somebody who has seen this payload
 * and this job can write. It counts its jobs, and it can misbehave in the ways that real workers do.
 */
import type { Clock } from '../../../common/clock.ts';
import { contentHash, hashOfPayload, type History, type HistoryEvent } from '../history.ts';
import type { SeededRandom } from '../random.ts';
import { Line } from './line.ts';

export type Conduct =
  | 'good'
  | 'fails' // answers that it could not
  | 'silent' // never answers
  | 'twice' // answers two times
  | 'twice-differently'
  | 'late' // answers long after its job was given to another
  | 'wrong-attempt'
  | 'wrong-job'
  | 'wrong-session'
  | 'dies' // its connection ends in the middle of the job
  | 'talks-deep' // its error details are nested ten thousand deep
  | 'talks-large' // 200 kB of speech
  | 'says-too-much'; // many partial texts, and unknown messages

export interface FakeNodeOptions {
  readonly nodeId: string;
  readonly addresses: () => readonly string[];
  readonly history: History;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly slots: number;
  /** Time a job takes, drawn between the two. */
  readonly workMs: readonly [number, number];
  /** When its lateness is asked for: how late. */
  readonly lateMs?: number;
  readonly conduct?: (job: { readonly jobId: string; readonly attempt: number }) => Conduct;
  readonly heartbeatMs?: number;
}

interface Run {
  readonly jobId: string;
  readonly attempt: number;
  readonly how: Conduct;
  readonly assignment: Record<string, unknown>;
  cancel: () => void;
  /** What it would have said while nobody was there to hear it. */
  result: Record<string, unknown> | undefined;
}

/** What a conduct puts into its result. */
const saidBy: Partial<Record<Conduct, Record<string, unknown>>> = {
  fails: { success: false, error: { code: 'NMT_TIMEOUT', message: 'on purpose' } },
  'talks-large': { tts_audio: 'A'.repeat(200_000) },
};

const services = ['node-inference', 'nmt-m2m100', 'piper-tts'];

export class FakeNode {
  readonly #options: FakeNodeOptions;
  readonly #line: Line;
  readonly #runs = new Map<string, Run>();
  /** Attempts it has had, with what it answered to those that are over. */
  readonly #seen = new Map<string, Record<string, unknown> | undefined>();
  #registered = false;
  #ready = false;
  #lastAddress = '';
  #cancelHeartbeat: () => void = () => undefined;

  constructor(options: FakeNodeOptions) {
    this.#options = options;
    this.#line = new Line({
      path: '/ws/node',
      addresses: options.addresses,
      clock: options.clock,
      onOpen: () => {
        this.#register();
      },
      onMessage: (message) => {
        this.#hear(message);
      },
      onClose: () => {
        this.#registered = this.#ready = false;
        this.#cancelHeartbeat();
      },
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  get running(): number {
    return this.#runs.size;
  }

  get line(): Line {
    return this.#line;
  }

  async end(): Promise<void> {
    this.#cancelHeartbeat();
    await this.#line.end();
    this.#giveUp('lost');
  }

  /** The process dies: what it ran is gone, and it comes back empty unless `forGood`. */
  die({ forGood = false } = {}): void {
    this.#giveUp('lost');
    this.#line.drop({ forGood });
  }

  /** A node that comes back to the same instance has its jobs still; anywhere else they are not its own any more. */
  #register(): void {
    if (this.#line.address !== this.#lastAddress) this.#giveUp('lost');
    this.#lastAddress = this.#line.address;
    const { nodeId, slots } = this.#options;
    this.#line.say({
      type: 'node_register',
      node_id: nodeId,
      version: '1.0.0',
      capability_schema_version: '1.0',
      platform: 'linux',
      hardware: { cpu_cores: 8, memory_gb: 32, gpus: [{ name: 'Fake GPU', memory_gb: 16 }] },
      installed_models: [],
      installed_services: services.map((id) => ({ service_id: id, version: '1.0.0', platform: 'linux-x64' })),
      features_supported: {},
      accept_public_jobs: true,
      capability_state: Object.fromEntries(services.map((id) => [id, 'ready'])),
      max_concurrent_jobs: slots,
    });
  }

  #heartbeat(): void {
    const { nodeId, clock, heartbeatMs = 500 } = this.#options;
    this.#line.say({
      type: 'node_heartbeat',
      node_id: nodeId,
      timestamp: Math.round(clock.now()),
      resource_usage: {
        cpu_percent: 5,
        gpu_percent: 5,
        gpu_mem_percent: 5,
        mem_percent: 5,
        running_jobs: this.#runs.size,
      },
    });
    this.#cancelHeartbeat = clock.after(heartbeatMs, () => {
      this.#heartbeat();
    });
  }

  #hear(message: Record<string, unknown>): void {
    if (message['type'] === 'node_register_ack') this.#welcomed();
    else if (message['type'] === 'node_status') this.#ready = message['status'] === 'ready';
    else if (message['type'] === 'job_assign') this.#assigned(message);
    else if (message['type'] === 'job_cancel') this.#cancelled(String(message['job_id']));
  }

  #welcomed(): void {
    this.#registered = true;
    this.#note({ op: 'register', phase: 'ok', slots: this.#options.slots });
    this.#heartbeat();
    for (const run of [...this.#runs.values()]) if (run.result) this.#answer(run, run.result);
  }

  #assigned(assignment: Record<string, unknown>): void {
    const jobId = String(assignment['job_id']);
    const attempt = Number(assignment['attempt_id']);
    const key = `${jobId} ${attempt}`;
    if (this.#seen.has(key)) {
      this.#note({ op: 'assign', phase: 'info', job: jobId, attempt });
      const answer = this.#seen.get(key);
      if (answer) this.#line.say(answer);
      return;
    }
    this.#seen.set(key, undefined);
    this.#note({ op: 'assign', phase: 'ok', job: jobId, attempt, session: String(assignment['session_id']) });
    const how = this.#options.conduct?.({ jobId, attempt }) ?? 'good';
    const run: Run = { jobId, attempt, how, assignment, cancel: () => undefined, result: undefined };
    this.#runs.set(key, run);
    this.#progress(run, 'job_ack');
    this.#progress(run, 'job_started');
    this.#partial(run);
    this.#work(run);
  }

  #work(run: Run): void {
    const { clock, random, workMs, lateMs = 5000 } = this.#options;
    const { how } = run;
    if (how === 'silent') return;
    const takesMs = how === 'late' ? lateMs : random.between(...workMs);
    run.cancel = clock.after(takesMs, () => {
      if (how === 'dies') this.die();
      else this.#finish(run, how);
    });
    if (how === 'says-too-much') for (let i = 0; i < 200; i++) this.#partial(run);
  }

  #finish(run: Run, how: Conduct): void {
    const good = this.#resultOf(run);
    if (how === 'wrong-attempt')
      this.#line.say({ ...good, attempt_id: run.attempt + 7, text_translated: 'wrong' });
    if (how === 'wrong-job') this.#line.say({ ...good, job_id: 'job-00000000', text_translated: 'wrong' });
    if (how === 'wrong-session')
      this.#line.say({ ...good, session_id: 's-00000000', text_translated: 'wrong' });
    if (how === 'talks-deep') {
      this.#talkDeep(run, good);
      return;
    }
    if (how === 'says-too-much') this.#line.say({ type: 'tea_time', node_id: this.#options.nodeId });
    const result = { ...good, ...saidBy[how] };
    this.#answer(run, result);
    if (how === 'twice') this.#line.say(result);
    if (how === 'twice-differently') this.#line.say({ ...result, text_translated: 'changed my mind' });
  }

  #talkDeep(run: Run, good: Record<string, unknown>): void {
    const deep = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000);
    const error = { code: 'DEEP', message: 'deep', details: '#' };
    this.#release(run, 'result');
    this.#line.sayText(JSON.stringify({ ...good, success: false, error }).replace('"#"', deep));
  }

  #answer(run: Run, result: Record<string, unknown>): void {
    run.result = result;
    if (!this.#registered) return;
    this.#release(run, 'result');
    this.#seen.set(`${run.jobId} ${run.attempt}`, result);
    this.#note({
      op: 'result',
      phase: 'invoke',
      job: run.jobId,
      attempt: run.attempt,
      hash: String(result['text_translated']),
    });
    this.#line.say(result);
  }

  #cancelled(jobId: string): void {
    for (const run of [...this.#runs.values()]) {
      if (run.jobId !== jobId) continue;
      // A node that is late does not listen either; it still frees the slot in its own books.
      if (run.how !== 'late') run.cancel();
      this.#release(run, 'cancel');
    }
  }

  /** Nothing of what it ran is left; it may be asked for the same again. */
  #giveUp(why: 'lost'): void {
    for (const [key, run] of [...this.#runs]) {
      run.cancel();
      this.#release(run, why);
      this.#seen.delete(key);
    }
  }

  #release(run: Run, why: 'result' | 'cancel' | 'lost'): void {
    if (!this.#runs.delete(`${run.jobId} ${run.attempt}`)) return;
    this.#note({ op: 'release', phase: 'ok', job: run.jobId, attempt: run.attempt, detail: why });
  }

  #resultOf(run: Run): Record<string, unknown> {
    const { audio, utterance_index: index, session_id: session, trace_id: trace } = run.assignment;
    return {
      type: 'job_result',
      ...this.#about(run),
      session_id: session,
      trace_id: trace,
      utterance_index: index,
      success: true,
      text_asr: hashOfPayload(String(audio)),
      text_translated: contentHash(hashOfPayload(String(audio)), run.jobId),
      tts_audio: '',
      tts_format: 'pcm16',
      processing_time_ms: 1,
    };
  }

  #progress(run: Run, type: 'job_ack' | 'job_started'): void {
    const { session_id, trace_id } = run.assignment;
    this.#line.say({ type, ...this.#about(run), session_id, trace_id });
  }

  #partial(run: Run): void {
    const { session_id, trace_id, utterance_index } = run.assignment;
    const { nodeId } = this.#options;
    const text = { text: 'so far', is_final: false };
    this.#line.say({
      type: 'asr_partial',
      job_id: run.jobId,
      node_id: nodeId,
      session_id,
      trace_id,
      utterance_index,
      ...text,
    });
  }

  #about(run: Run) {
    return { job_id: run.jobId, attempt_id: run.attempt, node_id: this.#options.nodeId };
  }

  #note(event: Omit<HistoryEvent, 'at' | 'actor'>): void {
    this.#options.history.add({ actor: this.#options.nodeId, ...event });
  }
}
