/** A value that is costly to make and may be a little old: made when somebody asks, and not again for a while. */
import type { Clock } from '../../common/clock.ts';

export interface Snapshot<Value> {
  /** Throws what making it throws, when there is no older one. */
  get(): { readonly value: Value; readonly ageMs: number };
  /** Of the value that would be given now without making one; undefined when there is none. */
  ageMs(): number | undefined;
}

/** @param freshForMs a value this old is made anew; when that fails, the old one goes on being given */
export function snapshotOf<Value>(make: () => Value, freshForMs: number, clock: Clock): Snapshot<Value> {
  let kept: { readonly value: Value; readonly atMs: number } | undefined;
  const age = () => (kept ? clock.monotonic() - kept.atMs : Infinity);
  return {
    get() {
      if (age() >= freshForMs) {
        try {
          kept = { value: make(), atMs: clock.monotonic() };
        } catch (error) {
          if (!kept) throw error;
        }
      }
      return { value: (kept as NonNullable<typeof kept>).value, ageMs: age() };
    },
    ageMs: () => (kept ? age() : undefined),
  };
}
