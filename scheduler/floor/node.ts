/** One node that is connected here, or was a moment ago. */
import type { CoreServices } from '../desk/assignment.ts';
import type { NodeLife, NodeStatus } from '../decide/node-lifecycle.ts';
import type { NodeOutbound } from '../protocol/node-messages.ts';
import type { NodeView } from '../store/store.ts';
import { hasGpu, offerOf, type NodeFacts, type Offer } from './registration.ts';
import type { Slots } from './slots.ts';
import type { UnavailableServices } from './unavailable-services.ts';

/** What the node's socket offers. */
export interface NodeLink {
  /** Unique per socket. */
  readonly connectionId: string;
  send(message: NodeOutbound): void;
  /** A complete message as JSON. */
  sendText(text: string): void;
  close(reason: 'superseded' | 'goingAway' | 'silent'): void;
}

export interface FloorNode {
  readonly nodeId: string;
  readonly slots: Slots;
  readonly unavailable: UnavailableServices;
  readonly registeredAt: number;
  link: NodeLink;
  /** False from the end of the socket until the node comes back or its grace is over. */
  connected: boolean;
  /** Its socket was told to go elsewhere, and has not ended yet. */
  sentAway: boolean;
  facts: NodeFacts;
  /** What follows from the facts; kept, because it is looked at with every job. */
  offer: Offer;
  life: NodeLife;
  heartbeatAt: number;
  cancelGrace: () => void;
}

/** Takes in what the node told of itself. */
export function learn(node: FloorNode, facts: NodeFacts, core: CoreServices): void {
  node.facts = facts;
  node.offer = offerOf(facts, core);
}

export interface ViewContext {
  readonly instanceId: string;
  readonly epoch: number;
  readonly nowMs: number;
  /** This instance is leaving: its nodes finish what they have and get nothing new. */
  readonly draining: boolean;
}

export function statusOf(node: FloorNode, draining: boolean): NodeStatus {
  if (!node.connected) return 'offline';
  return draining && node.life.status === 'ready' ? 'draining' : node.life.status;
}

export function viewOf(node: FloorNode, context: ViewContext): NodeView {
  const { facts, slots, offer, unavailable } = node;
  return {
    nodeId: node.nodeId,
    instanceId: context.instanceId,
    epoch: context.epoch,
    status: statusOf(node, context.draining),
    slots: slots.capacity,
    running: slots.running,
    services: unavailable.available(offer.services, context.nowMs),
    languages: offer.languages,
    hasGpu: hasGpu(facts),
    acceptsPublicJobs: facts.register.accept_public_jobs,
    cpuPercent: facts.usage.cpu_percent,
    gpuPercent: facts.usage.gpu_percent ?? 0,
    memoryPercent: facts.usage.mem_percent,
  };
}

/** The node as the guide's `GET nodes:snapshot:<id>` shows it, in the original's shape. */
export function snapshotOf(node: FloorNode, draining: boolean): string {
  const { facts, slots } = node;
  const { register, usage } = facts;
  return JSON.stringify({
    node_id: node.nodeId,
    name: `Node-${node.nodeId.slice(-8)}`,
    version: register.version,
    platform: register.platform,
    hardware: register.hardware,
    status: statusOf(node, draining),
    online: node.connected,
    cpu_usage: usage.cpu_percent,
    gpu_usage: usage.gpu_percent ?? null,
    memory_usage: usage.mem_percent,
    installed_models: facts.installedModels,
    installed_services: facts.installedServices,
    features_supported: register.features_supported,
    accept_public_jobs: register.accept_public_jobs,
    capability_state: facts.capabilityState,
    current_jobs: slots.running,
    max_concurrent_jobs: slots.capacity,
    last_heartbeat: new Date(node.heartbeatAt).toISOString(),
    registered_at: new Date(node.registeredAt).toISOString(),
  });
}
