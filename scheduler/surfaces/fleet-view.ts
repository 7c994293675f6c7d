/**
 * The whole fleet as any of its instances sees it, for people: who is there, how they do, what waits in their inboxes.
 * Looked up when somebody asks, at most once a second however many ask.
 */
import type { Instance } from '../instance.ts';
import type { InboxStats, PresenceRecord, Store } from '../store/store.ts';
import { parseFigures, type Figures } from './figures.ts';

export type InstanceState =
  | 'serving'
  | 'draining'
  /** Its lease is held, but it has published nothing for a while: it hangs, or has just died. */
  | 'silent'
  /** Nobody holds its lease. */
  | 'gone';

export interface SeenInstance {
  readonly instanceId: string;
  readonly state: InstanceState;
  readonly presence: PresenceRecord | undefined;
  readonly figures: Figures | undefined;
  readonly inbox: InboxStats;
}

export interface FleetView {
  readonly atMs: number;
  readonly instances: readonly SeenInstance[];
}

/** Others may look as often as they like. */
const freshForMs = 900;

/** An instance that is gone is shown for this long: somebody will look for it. */
const goneForMs = 10 * 60_000;

type Deps = Pick<Instance, 'store' | 'clock' | 'instanceId'> & {
  /** What this instance would publish: it is fresher than what it has. */
  readonly own: () => Figures;
};

/** @returns a function that gives the newest view; it throws `unavailable` when the store does not answer */
export function createFleetView({ store, clock, instanceId, own }: Deps): () => Promise<FleetView> {
  const seenAt = new Map<string, number>();
  let newest: FleetView | undefined;
  let asking: Promise<FleetView> | undefined;

  async function look(): Promise<FleetView> {
    const nowMs = clock.monotonic();
    const instances = await everyInstance(store);
    for (const seen of instances) if (seen.state !== 'gone') seenAt.set(seen.instanceId, nowMs);
    const listed = new Set(instances.map((seen) => seen.instanceId));
    for (const [id, at] of seenAt) if (nowMs - at > goneForMs) seenAt.delete(id);
    const remembered = [...seenAt.keys()].filter((id) => !listed.has(id));
    const all = [
      ...instances.map((seen) => (seen.instanceId === instanceId ? { ...seen, figures: own() } : seen)),
      ...(await Promise.all(remembered.map((id) => goneInstance(store, id)))),
    ];
    all.sort((a, b) => compareIds(a.instanceId, b.instanceId));
    newest = { atMs: nowMs, instances: all };
    return newest;
  }

  return () => {
    if (newest && clock.monotonic() - newest.atMs < freshForMs) return Promise.resolve(newest);
    asking ??= look().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

async function everyInstance(store: Store): Promise<SeenInstance[]> {
  const [live, dead] = await Promise.all([store.instances.live(), store.instances.dead()]);
  const alive = live.map(async ({ instanceId, presence, figures: text }): Promise<SeenInstance> => {
    const figures = parseFigures(text);
    const inbox = await store.inbox.stats(instanceId);
    return { instanceId, state: stateOf(presence, text), presence, figures, inbox };
  });
  return Promise.all([...alive, ...dead.map((instanceId) => goneInstance(store, instanceId))]);
}

async function goneInstance(store: Store, instanceId: string): Promise<SeenInstance> {
  const inbox = await store.inbox.stats(instanceId);
  return { instanceId, state: 'gone', presence: undefined, figures: undefined, inbox };
}

/** One of a version that publishes nothing we know is as its presence says. */
function stateOf(presence: PresenceRecord | undefined, figures: string | undefined): InstanceState {
  return figures === undefined || !presence ? 'silent' : presence.state;
}

const collator = new Intl.Collator('en', { numeric: true });
/** `scheduler-2` before `scheduler-10`. */
export const compareIds = (a: string, b: string): number => collator.compare(a, b);
