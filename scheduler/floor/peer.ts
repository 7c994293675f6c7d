/** One connection on `/ws/node`: its messages, in their order, to the floor. */
import type { Logger } from 'pino';
import type { Random } from '../../common/clock.ts';
import { isOutage } from '../../common/errors.ts';
import type { Connection, Peer } from '../edge/connection.ts';
import type { Metrics } from '../metrics.ts';
import { closeCodes } from '../protocol/close-codes.ts';
import { decodeNodeFrame, encode } from '../protocol/codec.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { NodeInbound, NodeRegister } from '../protocol/node-messages.ts';
import type { Floor } from './floor.ts';
import type { FloorNode, NodeLink } from './node.ts';
import { refusalOf } from './registration.ts';
import type { RunningJob } from './slots.ts';

interface PeerDeps {
  readonly floor: Floor;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Characters of a node's own words that are logged. */
const loggedMax = 2000;

export class NodePeer implements Peer {
  readonly #deps: PeerDeps;
  readonly #connection: Connection;
  readonly #link: NodeLink;
  #node: FloorNode | undefined;

  constructor(connection: Connection, deps: PeerDeps) {
    this.#deps = deps;
    this.#connection = connection;
    this.#link = linkOf(connection, deps.random.id());
  }

  message(frame: string): Promise<void> | void {
    const { log, metrics } = this.#deps;
    const decoded = decodeNodeFrame(frame);
    if (!decoded.ok) {
      metrics.badFrames.inc({ side: 'node' });
      log.warn({ nodeId: this.#node?.nodeId, why: decoded.why }, 'frame of a node cannot be read');
      this.#fail(decoded.code, decoded.why);
      return;
    }
    const { message } = decoded;
    try {
      return this.#handle(message)?.catch((error: unknown) => {
        this.#failed(message.type, error);
      });
    } catch (error) {
      this.#failed(message.type, error);
    }
  }

  closed(): Promise<void> {
    if (this.#node) this.#deps.floor.disconnected(this.#node, this.#link);
    return Promise.resolve();
  }

  #handle(message: NodeInbound): Promise<void> | void {
    if (message.type === 'node_register') return this.#register(message);
    const node = this.#node;
    if (!node || message.node_id !== node.nodeId) {
      this.#fail(errorCodes.invalidMessage, `this connection is not node ${JSON.stringify(message.node_id)}`);
      return;
    }
    // An older socket of the node that has not noticed yet: its word does not count any more.
    if (node.link !== this.#link) return;
    this.#fromNode(node, message);
  }

  #fromNode(node: FloorNode, message: Exclude<NodeInbound, NodeRegister>): void {
    const { floor, log } = this.#deps;
    switch (message.type) {
      case 'node_heartbeat':
        floor.heartbeat(node, message);
        return;
      case 'job_result':
        floor.result(node, message);
        return;
      case 'job_ack':
        this.#about(node, message, (job) => {
          floor.jobs.accepted(job);
        });
        return;
      case 'asr_partial':
        this.#about(node, message, (job) => {
          floor.jobs.partial(job, message);
        });
        return;
      case 'job_started':
        return;
      case 'node_error':
        log.warn(
          { nodeId: node.nodeId, code: message.code, text: message.message.slice(0, loggedMax) },
          'node reports an error',
        );
        return;
    }
  }

  /** Progress of a job that does not run there, or not any more, is dropped. */
  #about(
    node: FloorNode,
    message: { job_id: string; session_id: string; attempt_id?: number },
    then: (job: RunningJob) => void,
  ): void {
    const job = node.slots.find(message.job_id, message.attempt_id);
    if (job?.sessionId === message.session_id) then(job);
  }

  async #register(message: NodeRegister): Promise<void> {
    const { floor, log } = this.#deps;
    if (this.#node) {
      this.#fail(errorCodes.invalidMessage, 'this connection is registered already');
      return;
    }
    const refusal = refusalOf(message);
    if (refusal) {
      log.warn({ nodeId: message.node_id, ...refusal }, 'node refused');
      this.#fail(refusal.code, refusal.message);
      return;
    }
    this.#node = await floor.register(message, this.#link);
    // Each of its jobs brings messages of its own.
    this.#connection.speaksFor(Math.max(1, this.#node.slots.capacity));
    // The socket may have ended meanwhile, and nobody else would notice.
    if (this.#connection.closed) floor.disconnected(this.#node, this.#link);
  }

  #failed(type: string, error: unknown): void {
    this.#deps.log.error({ err: error, type }, 'node message failed');
    this.#fail(
      isOutage(error) ? errorCodes.dependencyDown : errorCodes.internal,
      'the message could not be handled; try again',
    );
  }

  #fail(code: string, message: string): void {
    this.#link.send({ type: 'error', code, message });
  }
}

function linkOf(connection: Connection, connectionId: string): NodeLink {
  return {
    connectionId,
    send: (message) => {
      connection.send(encode(message));
    },
    sendText: (text) => {
      connection.send(text);
    },
    close: (reason) => {
      connection.close(closeCodes[reason]);
    },
  };
}
