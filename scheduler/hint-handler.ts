/** Who handles which hint: the desk those about its sessions' jobs, the floor those about its nodes. */
import { assertNever } from '../common/errors.ts';
import type { Desk } from './desk/desk.ts';
import type { NodeDirectory } from './fleet/node-directory.ts';
import type { NodeLookup } from './fleet/node-lookup.ts';
import type { HintHandler } from './fleet/post.ts';
import type { Floor } from './floor/floor.ts';
import { isProbeSession } from './ids.ts';
import type { RouteProbe } from './probe/probe.ts';
import type { Hint, HintOf } from './store/hints.ts';

interface HandlerDeps {
  readonly desk: Desk;
  readonly floor: Floor;
  readonly directory: NodeDirectory;
  readonly lookup: NodeLookup;
  readonly probe: RouteProbe;
  readonly instanceId: string;
}

export function createHintHandler(deps: HandlerDeps): HintHandler {
  const { desk, floor, directory, lookup, probe, instanceId } = deps;

  /** What a refusal says about the node is worth remembering for the next job too. */
  function noteRefusal({ node_id, reason, from }: HintOf<'refused'>): void {
    const holder = directory.get(node_id)?.instanceId;
    if (holder === instanceId || (from !== undefined && holder !== from)) return;
    if (reason === 'full') {
      directory.full(node_id);
      lookup.askLater(node_id);
      return;
    }
    directory.unable(node_id);
    if (reason === 'gone') lookup.ask(node_id);
  }

  return (hint: Hint, again: boolean) => {
    if ('session_id' in hint && isProbeSession(hint.session_id)) return probe.handle(hint);
    switch (hint.type) {
      case 'assign':
        return floor.assign(hint, again);
      case 'cancel':
        floor.cancel(hint);
        return;
      case 'interest':
        floor.interest(hint);
        return;
      case 'refused':
        noteRefusal(hint);
        return desk.refused(hint);
      case 'requeued':
        return desk.requeued(hint);
      case 'superseded':
        desk.superseded(hint);
        return;
      case 'results':
        return desk.results(hint);
      case 'progress':
        desk.progress(hint);
        return;
      case 'capacity':
        if (hint.from !== instanceId) directory.called(hint.node_id);
        desk.capacity(hint.from);
        return;
      default:
        return assertNever(hint);
    }
  };
}
