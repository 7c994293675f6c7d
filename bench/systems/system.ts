/**
 * What the harness must know of a system to measure it: how to start an instance, and how a client and a worker talk
 * to it. An instance answers `GET /readyz` with 200 when it serves, and ends on SIGTERM.
 */

export interface Place {
  readonly name: 'a' | 'b';
  readonly port: number;
  /** Empty for a system without Redis. */
  readonly redisUrl: string;
  /** How many workers will connect, all to the last instance. */
  readonly workers: number;
  /** Scratch space that is removed after the run. */
  readonly directory: string;
}

export interface Launch {
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * For the instances of every system alike, as our image starts ours (`Dockerfile.scheduler`): without it most of an idle
 * process's memory is room that Node keeps for young objects, whatever it serves.
 */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=8'];

export interface System {
  readonly name: string;
  /** One line for the reader of the results. */
  readonly tells: string;
  /** Two: clients on A, workers on B. One: both on A. */
  readonly instances: 1 | 2;
  /** Replicated: with a replica of it. */
  readonly redis: 'none' | 'single' | 'replicated';
  launch(place: Place): Launch;
  /** File URL of a module that exports `connectClient` and `connectWorker`; the load process imports it. */
  readonly peers: string;
}

/** The part of a system that lives in the load process. Both promises resolve when the peer can be used; it lives as long as the process. */
export interface Peers {
  connectClient(port: number, index: number): Promise<Client>;
  connectWorker(port: number, index: number): Promise<void>;
}

export interface Client {
  /**
   * One round trip: sends `payload`, resolves when a worker's answer is here. Rejects when the system answers with an
   * error, with something else, or closes the connection. One at a time.
   */
  ask(): Promise<void>;
}

/** What a client asks and what a worker answers: 200 bytes, as text that JSON does not escape. */
export const question = 'question'.repeat(25);
export const answer = 'response'.repeat(25);
