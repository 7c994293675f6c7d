/**
 * Looks single nodes up in the store when what is known of them has proved wrong: one refused a job because it is not
 * there, or moved, or was counted as full for jobs of which we hear no more. Their next announcement may be long in
 * coming, because a node that is as it was says nothing.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { NodeStore } from '../store/store.ts';
import type { NodeDirectory } from './node-directory.ts';

interface LookupDeps {
  readonly nodes: NodeStore;
  readonly directory: NodeDirectory;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChange: () => void;
}

/** How long questions are put together. */
const gatherMs = 20;

/** By then the holder of a node has said of a job what it will say of it. */
const laterMs = 300;

export interface NodeLookup {
  ask(nodeId: string): void;
  /** What we believe of it is right now, and will not be for long. */
  askLater(nodeId: string): void;
}

export function createNodeLookup({
  nodes,
  directory,
  instanceId,
  clock,
  log,
  onChange,
}: LookupDeps): NodeLookup {
  let asked = new Set<string>();
  const later = new Set<string>();

  async function look(): Promise<void> {
    const ids = [...asked];
    asked = new Set();
    for (const change of await nodes.find(ids)) {
      const nodeId = change.op === 'put' ? change.view.nodeId : change.nodeId;
      const known = directory.get(nodeId);
      // Of our own nodes we know best, also which are not here any more; and who says itself that the node is not there knows better than its old view.
      const holder = change.op === 'put' ? change.view.instanceId : undefined;
      if (known?.instanceId === instanceId || holder === instanceId) continue;
      if (known?.status === 'offline' && known.instanceId === holder) continue;
      directory.apply(change);
    }
    onChange();
  }

  function ask(nodeId: string): void {
    if (asked.size === 0) {
      clock.after(gatherMs, () => {
        look().catch((error: unknown) => {
          log.warn({ err: error }, 'nodes could not be looked up');
        });
      });
    }
    asked.add(nodeId);
  }

  function askLater(nodeId: string): void {
    if (later.has(nodeId)) return;
    later.add(nodeId);
    clock.after(laterMs, () => {
      later.delete(nodeId);
      ask(nodeId);
    });
  }

  return { ask, askLater };
}
