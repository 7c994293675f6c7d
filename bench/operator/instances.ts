/** The admin API of as many instances as are asked for, all in this process: each address is a pod's, and what it says is always well. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { InstanceReport, ProbeReport, ProbeRequest } from '../../common/admin-api.ts';
import type { Random } from '../../common/clock.ts';
import { paths, ports } from '../../common/workload.ts';
import { loopbackRange } from '../../test/cluster/kubelet/addresses.ts';
import { claimNetwork, type Network } from '../../test/cluster/kubelet/network.ts';

interface Home {
  readonly address: string;
  readonly network: Network;
  readonly server: Server;
}

export class Instances {
  readonly #random: Random;
  readonly #http = createHttpServer((request, response) => void this.#answer(request, response));
  readonly #networks: Network[] = [];
  /** By the name of the pod. */
  readonly #homes = new Map<string, Home>();
  readonly #names = new Map<string, string>();
  readonly #draining = new Set<string>();
  readonly #sockets = new Set<Socket>();
  asked = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#http.keepAliveTimeout = 60_000;
  }

  /** The address at which the instance of this name is asked from now on. */
  async settle(name: string): Promise<string> {
    const { network, address } = await this.#free();
    const server = createServer((socket) => {
      this.#sockets.add(socket.once('close', () => this.#sockets.delete(socket)));
      this.#http.emit('connection', socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(ports.admin, address, resolve);
    });
    this.#homes.set(name, { address, network, server });
    this.#names.set(address, name);
    return address;
  }

  leave(name: string): void {
    const home = this.#homes.get(name);
    if (!home) return;
    home.server.close();
    home.network.addresses.release(home.address);
    this.#homes.delete(name);
    this.#names.delete(home.address);
    this.#draining.delete(name);
  }

  async stop(): Promise<void> {
    for (const name of [...this.#homes.keys()]) this.leave(name);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#networks.map((network) => network.release()));
  }

  /** A network holds some 250 pods. */
  async #free(): Promise<{ network: Network; address: string }> {
    for (const network of this.#networks) {
      try {
        return { network, address: network.addresses.take() };
      } catch {
        // Full.
      }
    }
    const network = await claimNetwork([loopbackRange], this.#random);
    this.#networks.push(network);
    return { network, address: network.addresses.take() };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    const name = this.#names.get(request.socket.localAddress ?? '') ?? '';
    const body = await textOf(request);
    if (request.url === paths.adminProbe) {
      const { target } = JSON.parse(body) as ProbeRequest;
      send(response, 200, { session: name, node: target, outcome: 'answered', detail: '', tookMs: 2 });
      return;
    }
    const isDrain = request.url === paths.adminDrain;
    if (isDrain) this.#draining.add(name);
    const roundTripMs = 0.3 + 0.2 * this.#random.next();
    send(response, isDrain ? 202 : 200, reportOf(name, this.#draining.has(name), roundTripMs));
  }
}

function send(response: ServerResponse, status: number, body: InstanceReport | ProbeReport): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

const startedAt = new Date().toISOString();

function reportOf(instanceId: string, isDraining: boolean, roundTripMs: number): InstanceReport {
  return {
    instanceId,
    version: '0.1.0',
    startedAt,
    phase: isDraining ? 'draining' : 'ready',
    ready: !isDraining,
    notReadyReasons: isDraining ? ['draining'] : [],
    configSha256: 'a'.repeat(64),
    redis: { reachable: true, mode: 'single', keyPrefix: 'lingua', roundTripMs, error: null },
    lease: { held: true, epoch: 1, holder: instanceId },
    connections: { sessions: 100, nodes: 10 },
    jobs: { waiting: 0, running: 0 },
    selections: { total: 1_000, failed: 0 },
    nodesKnown: 100,
    inbox: { length: 0, pending: 0, dlqLength: 0 },
    drain: isDraining ? { startedAt, deadlineAt: startedAt, done: true } : null,
  };
}
