/**
 * The steps of one job's life that can be seen from outside, with the message or command that marks each: the session is
 * connected to the first instance (A), the node to the second (B), and the third (C) looks on. A learning run shows
 * whether every mark still occurs; when one was renamed it is a failure, not a silent gap.
 */
import type { RespMatch } from '../resp-rules.ts';
import type { WsMatch } from '../ws-rules.ts';

export type Mark =
  { readonly by: 'redis'; readonly match: RespMatch } | { readonly by: 'socket'; readonly match: WsMatch };

export interface Step {
  readonly number: number;
  readonly name: string;
  /** The place of the instance that takes the step. */
  readonly at: 0 | 1;
  readonly mark: Mark;
  /** The step is taken only where answers wait for a replica. */
  readonly replicated?: true;
  /** The step is taken when a session connects, not while it speaks. */
  readonly whenConnecting?: true;
  /** The step is taken only for utterances too large to travel in a hint. */
  readonly large?: true;
}

const redis = (command: string, more: Omit<RespMatch, 'command'> = {}): Mark => ({
  by: 'redis',
  match: { command, ...more },
});

const heard = (path: '/ws/session' | '/ws/node', type: string): Mark => ({
  by: 'socket',
  match: { direction: 'to-instance', path, type },
});

const told = (path: '/ws/session' | '/ws/node', type: string, event?: string): Mark => ({
  by: 'socket',
  match: { direction: 'to-peer', path, type, ...(event === undefined ? {} : { event }) },
});

export const steps: readonly Step[] = [
  { number: 1, name: 'upgrade', at: 0, mark: heard('/ws/session', 'upgrade'), whenConnecting: true },
  {
    number: 2,
    name: 'session_init',
    at: 0,
    mark: heard('/ws/session', 'session_init'),
    whenConnecting: true,
  },
  { number: 3, name: 'session recorded', at: 0, mark: redis('script:session_open'), whenConnecting: true },
  { number: 4, name: 'utterance', at: 0, mark: heard('/ws/session', 'utterance') },
  { number: 5, name: 'accept', at: 0, mark: redis('script:accept') },
  { number: 6, name: 'wait for a replica', at: 0, mark: redis('WAIT'), replicated: true },
  { number: 7, name: 'DISPATCHED', at: 0, mark: told('/ws/session', 'ui_event', 'DISPATCHED') },
  {
    number: 8,
    name: 'record read, slot reserved',
    at: 1,
    mark: redis('MGET', { key: /:job:/ }),
    large: true,
  },
  { number: 9, name: 'dispatch', at: 0, mark: redis('script:dispatch') },
  { number: 10, name: 'hint to the node', at: 0, mark: redis('script:xadd', { key: /fault-1/ }) },
  { number: 11, name: 'hint read', at: 1, mark: redis('XREADGROUP', { notEmpty: true }) },
  { number: 12, name: 'job_assign', at: 1, mark: told('/ws/node', 'job_assign') },
  { number: 13, name: 'hint acknowledged', at: 1, mark: redis('XACK') },
  { number: 14, name: 'job_ack', at: 1, mark: heard('/ws/node', 'job_ack') },
  { number: 15, name: 'job_started, partials', at: 1, mark: heard('/ws/node', 'asr_partial') },
  { number: 16, name: 'job_result', at: 1, mark: heard('/ws/node', 'job_result') },
  { number: 17, name: 'finish', at: 1, mark: redis('script:finish') },
  { number: 18, name: 'hint to the owner', at: 1, mark: redis('script:xadd', { key: /fault-0/ }) },
  { number: 19, name: 'results read', at: 0, mark: redis('XREADGROUP', { notEmpty: true }) },
  { number: 20, name: 'translation_result', at: 0, mark: told('/ws/session', 'translation_result') },
  { number: 21, name: 'client acknowledges', at: 0, mark: heard('/ws/session', 'session_ack') },
  { number: 22, name: 'outbox trimmed', at: 0, mark: redis('script:outbox_trim') },
  { number: 23, name: 'slot released and told', at: 1, mark: redis('script:node_save') },
  { number: 24, name: 'record kept alive', at: 0, mark: redis('script:session_renew') },
];
