/** Follows the shared log of node changes into the directory, and tells who wants to know. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { NodeChange, NodeStore, NodeView } from '../store/store.ts';
import type { NodeDirectory } from './node-directory.ts';

interface WatchDeps {
  readonly nodes: NodeStore;
  readonly directory: NodeDirectory;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly intervalMs: number;
  /** How often all nodes are read although nothing was missed: a node whose view just ended is announced by nobody. */
  readonly fullEveryMs: number;
  /** The directory has changed: jobs that wait may find a node now. */
  readonly onChange: () => void;
  /** Another instance says it holds a node; it may be one of ours that moved. */
  readonly onElsewhere: (view: NodeView) => void;
}

/** Ends when the signal aborts. */
export async function watchNodes(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log, intervalMs, fullEveryMs } = deps;
  let cursor: string | undefined;
  let fullAtMs = 0;
  while (!signal.aborted) {
    try {
      if (clock.monotonic() >= fullAtMs) cursor = undefined;
      // Instances that started together do not go on reading everything together.
      if (cursor === undefined) fullAtMs = clock.monotonic() + fullEveryMs * (0.5 + random.next());
      cursor = cursor === undefined ? await readAll(deps) : await readChanges(deps, cursor);
    } catch (error) {
      log.warn({ err: error }, 'node view could not be refreshed');
    }
    await clock.sleep(intervalMs, signal);
  }
}

async function readAll(deps: WatchDeps): Promise<string> {
  const { nodes, directory, instanceId, onChange } = deps;
  const { views, cursor } = await nodes.all();
  directory.retain(new Set(views.map((view) => view.nodeId)), instanceId);
  for (const view of views) applyChange({ op: 'put', view }, deps);
  onChange();
  return cursor;
}

/** The cursor to go on from; undefined when the log was too short and everything must be read again. */
async function readChanges(deps: WatchDeps, cursor: string): Promise<string | undefined> {
  const answer = await deps.nodes.changes(cursor);
  if (answer.kind === 'lost') {
    deps.log.info('node changes were missed; reading all nodes again');
    return undefined;
  }
  for (const change of answer.changes) applyChange(change, deps);
  if (answer.changes.length > 0) deps.onChange();
  return answer.cursor;
}

/** What this instance announced itself is old news, and would undo newer figures. */
function applyChange(change: NodeChange, { directory, instanceId, onElsewhere }: WatchDeps): void {
  const view = change.op === 'put' ? change.view : undefined;
  if (view?.instanceId === instanceId) return;
  const nodeId = change.op === 'put' ? change.view.nodeId : change.nodeId;
  if (directory.get(nodeId)?.instanceId !== instanceId) directory.apply(change);
  else if (view) onElsewhere(view);
}
