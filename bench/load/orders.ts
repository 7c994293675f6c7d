/** What the harness asks of a load process, one order at a time. */

export interface ConnectOrder {
  readonly do: 'connect';
  /** Module that exports the peers of the system. */
  readonly peers: string;
  readonly clientPort: number;
  readonly workerPort: number;
  readonly clients: number;
  readonly workers: number;
}

export interface LoopOrder {
  readonly do: 'loop';
  /** How many clients ask; each waits for its answer before it asks again. */
  readonly inFlight: number;
  readonly forMs: number;
}

export type Order = ConnectOrder | LoopOrder;

export interface LoopResult {
  readonly trips: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Reply =
  { readonly ok: true; readonly result?: LoopResult } | { readonly ok: false; readonly why: string };
