/**
 * The node's side: the nodes that are connected here. This file registers them, follows their lives, and says who
 * handles what; `workbench.ts` runs jobs on them, `announcer.ts` tells the fleet how they do.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { CoreServices } from '../desk/assignment.ts';
import {
  newLife,
  onHeartbeat,
  onTick,
  type LifecycleLimits,
  type NodeLife,
  type NodeStatus,
} from '../decide/node-lifecycle.ts';
import type { Post } from '../fleet/post.ts';
import { newNodeId } from '../ids.ts';
import type { JobResult, NodeHeartbeat, NodeRegister } from '../protocol/node-messages.ts';
import { retrying, type Retry } from '../retry.ts';
import type { HintOf, RefusalReason } from '../store/hints.ts';
import type { NodeStore } from '../store/store.ts';
import type { Announcer } from './announcer.ts';
import { missingModel } from './answer.ts';
import { CapacityCallers } from './capacity-callers.ts';
import type { ModelReports } from './model-reports.ts';
import { learn, statusOf, type FloorNode, type NodeLink } from './node.ts';
import { factsOf, healthOf, offerOf, tellsCapability, withHeartbeat } from './registration.ts';
import { Slots } from './slots.ts';
import { UnavailableServices, type UnavailableLimits } from './unavailable-services.ts';
import type { Workbench } from './workbench.ts';

export interface FloorLimits {
  readonly maxJobsPerNode: number;
  /** A node that comes back within this time keeps its jobs. */
  readonly graceMs: number;
  /** No job runs on a node longer than this. */
  readonly longestJobMs: number;
  readonly ownerTtlMs: number;
  readonly presenceTtlMs: number;
  readonly lifecycle: LifecycleLimits;
  readonly unavailable: UnavailableLimits;
}

export interface FloorDeps {
  readonly instanceId: string;
  readonly nodes: NodeStore;
  readonly announcer: Announcer;
  readonly modelReports: ModelReports;
  readonly post: Post;
  readonly core: CoreServices;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: Retry;
  readonly limits: FloorLimits;
  readonly log: Logger;
  /** A slot is free, or a node is ready: jobs of this instance may be waiting for it. */
  readonly onCapacity: () => void;
}

export class Floor {
  readonly #deps: FloorDeps;
  readonly #workbench: Workbench;
  readonly #nodes = new Map<string, FloorNode>();
  readonly #callers: CapacityCallers;
  #draining = false;

  constructor(deps: FloorDeps, workbench: (onSlots: (node: FloorNode, freed: boolean) => void) => Workbench) {
    this.#deps = deps;
    this.#callers = new CapacityCallers(deps.post, deps.instanceId);
    this.#workbench = workbench((node, freed) => {
      this.#slotsChanged(node, freed);
    });
  }

  /** Those connected here, and those that were a moment ago. */
  get nodes(): Iterable<FloorNode> {
    return this.#nodes.values();
  }

  get jobs(): Workbench {
    return this.#workbench;
  }

  get connectedCount(): number {
    return this.#connected().length;
  }

  get runningCount(): number {
    return [...this.#nodes.values()].reduce((sum, node) => sum + node.slots.known, 0);
  }

  /** Jobs here that other instances answer for. */
  get guestCount(): number {
    const { instanceId } = this.#deps;
    const isGuest = ({ owner }: { owner: string }) => owner !== instanceId;
    return [...this.#nodes.values()].reduce((sum, node) => sum + node.slots.jobs().filter(isGuest).length, 0);
  }

  get statusCounts(): Map<NodeStatus, number> {
    const counts = new Map<NodeStatus, number>();
    for (const node of this.#nodes.values()) {
      const status = statusOf(node, this.#draining);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return counts;
  }

  runs(nodeId: string, jobId: string): boolean {
    return this.#nodes.get(nodeId)?.slots.find(jobId) !== undefined;
  }

  holds(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /** The newest connection of a node is the node; one that comes back in time finds its jobs. */
  async register(message: NodeRegister, link: NodeLink): Promise<FloorNode> {
    const { nodes, instanceId, random, retry, limits, log } = this.#deps;
    const nodeId = message.node_id ?? newNodeId(random);
    const claim = { nodeId, instanceId, connection: link.connectionId, ttlMs: limits.ownerTtlMs };
    const { previous } = await retrying(() => nodes.claim(claim), retry, registerForMs);
    const known = this.#nodes.get(nodeId);
    // It was elsewhere since, and what became of its jobs there nobody here knows.
    if (known && previous && previous.connection !== known.link.connectionId) {
      this.#background(this.#displaced(known));
    }
    const node = this.#welcome(nodeId, message, link);
    link.send({ type: 'node_register_ack', node_id: nodeId, message: 'registered', status: 'registering' });
    log.info({ nodeId, platform: message.platform, slots: node.slots.capacity }, 'node registered');
    this.#deps.announcer.forgetTold(node);
    this.#deps.announcer.changedStatus(node);
    if (this.#draining) this.#sayDraining(node);
    return node;
  }

  heartbeat(node: FloorNode, message: NodeHeartbeat): void {
    const { clock, core, limits, announcer } = this.#deps;
    const facts = withHeartbeat(node.facts, message);
    if (tellsCapability(message)) learn(node, facts, core);
    else node.facts = facts;
    node.heartbeatAt = clock.now();
    const nowMs = clock.monotonic();
    const freed = node.slots.counted(message.resource_usage.running_jobs, nowMs);
    this.#live(node, onHeartbeat(node.life, healthOf(facts, core), nowMs, limits.lifecycle));
    if (freed) this.#slotsChanged(node, true);
    else announcer.changed(node);
  }

  result(node: FloorNode, message: JobResult): void {
    const missing = missingModel(message);
    if (missing && this.#deps.modelReports.received(node, missing)) this.#deps.announcer.changedStatus(node);
    this.#workbench.result(node, message);
  }

  /** The node's socket has ended. Its jobs wait for it a moment, because most nodes come back. */
  disconnected(node: FloorNode, link: NodeLink): void {
    const { clock, limits, announcer, log } = this.#deps;
    if (node.link !== link || !node.connected) return;
    node.connected = false;
    log.info({ nodeId: node.nodeId, running: node.slots.known }, 'node disconnected');
    announcer.changedStatus(node);
    const graceMs = this.#draining ? 0 : limits.graceMs;
    node.cancelGrace = clock.after(graceMs, () => {
      this.#background(this.#lost(node));
    });
  }

  assign(hint: HintOf<'assign'>, again: boolean): Promise<void> | void {
    if (hint.from === this.#deps.instanceId) this.#deps.announcer.arrived(hint.node_id);
    const node = this.#nodes.get(hint.node_id);
    if (!node?.connected) void this.#refuse(hint, 'gone');
    else if (this.#draining) void this.#refuse(hint, 'draining');
    else if (node.life.status !== 'ready') void this.#refuse(hint, 'not_ready');
    else return this.#workbench.assign(node, hint, again);
  }

  cancel(hint: HintOf<'cancel'>): void {
    const node = this.#nodes.get(hint.node_id);
    if (node) this.#workbench.cancel(node, hint);
  }

  /** Jobs of another instance wait for a slot; if one is free, it has only not heard of it yet. */
  interest(hint: HintOf<'interest'>): void {
    this.#callers.add(hint.from);
    const free = [...this.#nodes.values()].find((node) => this.#isOpen(node));
    if (free) this.#callers.call(free.nodeId);
  }

  /** As time passes: warm-ups that take too long, heartbeats that stopped, jobs that moved on. */
  tick(): void {
    const { clock, limits } = this.#deps;
    for (const node of [...this.#nodes.values()]) {
      this.#live(node, onTick(node.life, clock.monotonic(), limits.lifecycle));
      this.#background(this.#workbench.audit(node));
    }
  }

  /** Another instance holds the node. One that we only wait for will not come back. */
  elsewhere(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node && !node.connected) this.#background(this.#displaced(node));
  }

  /** Extends the claims of all nodes here, and lets go of those that connected elsewhere. */
  async renew(): Promise<void> {
    const { nodes, instanceId, limits } = this.#deps;
    const held = this.#connected().map((node) => ({
      nodeId: node.nodeId,
      connection: node.link.connectionId,
    }));
    if (held.length === 0) return;
    const ttl = { ownerMs: limits.ownerTtlMs, presenceMs: limits.presenceTtlMs };
    const taken = new Set(await nodes.renew(held, instanceId, ttl));
    for (const { nodeId, connection } of held) {
      const node = this.#nodes.get(nodeId);
      // The node may have come back to us while we asked about its earlier connection.
      if (taken.has(nodeId) && node?.link.connectionId === connection) await this.#displaced(node);
    }
  }

  /** The store lost its data: everything about our nodes is told again. */
  reassert(): void {
    for (const node of this.#nodes.values()) {
      this.#deps.announcer.forgetTold(node);
      this.#deps.announcer.changed(node);
    }
  }

  /** No new jobs from here on, anywhere; the nodes are told why none come. */
  drain(): void {
    this.#draining = true;
    this.#deps.announcer.drain();
    for (const node of this.#nodes.values()) {
      if (node.connected) this.#sayDraining(node);
      this.#deps.announcer.changedStatus(node);
    }
  }

  /** Nodes that have nothing to do. */
  get idleCount(): number {
    return this.#idle().length;
  }

  /** Closes nodes that have nothing to do, at most so many. */
  sendAwayIdle(max: number): void {
    for (const node of this.#idle().slice(0, max)) this.#sendAway(node);
  }

  sendAwayAll(): void {
    for (const node of this.#connected()) this.#sendAway(node);
  }

  /** Gives all running jobs back, for other instances to take up. */
  async handOver(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => this.#workbench.requeueAll(node)));
  }

  /** This instance has lost the right to any of it: sockets are closed, the store is left alone. */
  abandon(): void {
    for (const node of [...this.#nodes.values()]) {
      this.#forget(node);
      this.#deps.announcer.dropped(node);
      node.link.close('superseded');
    }
  }

  /**
   * Whoever hears it takes the node for unable until its next announcement. That may have come before, because a refusal
   * may take its time, and a node that is as it was says nothing for long.
   */
  async #refuse(hint: HintOf<'assign'>, reason: RefusalReason): Promise<void> {
    await this.#workbench.refuse(hint, reason);
    const node = this.#nodes.get(hint.node_id);
    if (!node) return;
    this.#deps.announcer.forgetTold(node);
    this.#deps.announcer.changed(node);
  }

  #connected(): FloorNode[] {
    return [...this.#nodes.values()].filter((node) => node.connected);
  }

  #idle(): FloorNode[] {
    return this.#connected().filter((node) => !node.sentAway && node.slots.known === 0);
  }

  #sendAway(node: FloorNode): void {
    node.sentAway = true;
    node.link.close('goingAway');
  }

  #welcome(nodeId: string, message: NodeRegister, link: NodeLink): FloorNode {
    const { clock, limits, core } = this.#deps;
    const previous = this.#nodes.get(nodeId);
    previous?.cancelGrace();
    if (previous?.connected) previous.link.close('superseded');
    const capacity = Math.min(message.max_concurrent_jobs ?? Number.POSITIVE_INFINITY, limits.maxJobsPerNode);
    const slots = new Slots(capacity, clock.monotonic() + limits.longestJobMs);
    for (const job of previous?.slots.jobs() ?? []) slots.adopt(job);
    const facts = factsOf(message);
    const node: FloorNode = {
      nodeId,
      slots,
      unavailable: previous?.unavailable ?? new UnavailableServices(limits.unavailable),
      registeredAt: clock.now(),
      link,
      connected: true,
      sentAway: false,
      facts,
      offer: offerOf(facts, core),
      life: newLife(clock.monotonic()),
      heartbeatAt: clock.now(),
      cancelGrace: () => undefined,
    };
    this.#nodes.set(nodeId, node);
    return node;
  }

  #live(node: FloorNode, life: NodeLife): void {
    const { status: from } = node.life;
    node.life = life;
    if (life.status === from) return;
    const { log, announcer, onCapacity } = this.#deps;
    log.info({ nodeId: node.nodeId, from, to: life.status, reason: life.reason }, 'node status changed');
    this.#sayStatus(node, life.status, life.reason);
    announcer.changedStatus(node);
    if (life.status === 'offline') this.#silent(node);
    if (life.status === 'ready') {
      this.#callers.call(node.nodeId);
      onCapacity();
    }
  }

  #sayDraining(node: FloorNode): void {
    this.#sayStatus(node, 'draining', 'instance_leaving');
  }

  #sayStatus(node: FloorNode, status: NodeStatus, reason: string | null): void {
    const timestamp = Math.floor(this.#deps.clock.now() / 1000);
    node.link.send({ type: 'node_status', node_id: node.nodeId, status, reason, timestamp });
  }

  /** A node that is silent is lost, whatever its socket looks like. */
  #silent(node: FloorNode): void {
    node.link.close('silent');
    node.connected = false;
    this.#background(this.#lost(node));
  }

  async #lost(node: FloorNode): Promise<void> {
    this.#forget(node);
    await Promise.all([this.#workbench.requeueAll(node), this.#deps.announcer.gone(node)]);
  }

  async #displaced(node: FloorNode): Promise<void> {
    this.#deps.log.warn({ nodeId: node.nodeId }, 'node is connected to another instance now');
    this.#forget(node);
    this.#deps.announcer.dropped(node);
    node.link.close('superseded');
    await this.#workbench.requeueAll(node);
  }

  #forget(node: FloorNode): void {
    node.cancelGrace();
    node.connected = false;
    if (this.#nodes.get(node.nodeId) === node) this.#nodes.delete(node.nodeId);
  }

  #slotsChanged(node: FloorNode, freed: boolean): void {
    if (this.#nodes.get(node.nodeId) !== node) return;
    this.#deps.announcer.changedSlots(node);
    if (!freed || !this.#isOpen(node)) return;
    this.#callers.call(node.nodeId);
    this.#deps.onCapacity();
  }

  #isOpen(node: FloorNode): boolean {
    return statusOf(node, this.#draining) === 'ready' && node.slots.free > 0;
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#deps.log.error({ err: error }, 'node work failed');
    });
  }
}

/** How long a node waits for its registration while the store is away, before it is told. */
const registerForMs = 5000;
