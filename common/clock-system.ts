/** The real clock and the real source of chance. */
import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './clock.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};

/** Asking the system for bytes costs the same for many as for few: ids are cut from a supply. */
const idBytes = 16;
const supplyBytes = 256 * idBytes;
let supply = Buffer.alloc(0);
let used = 0;

function nextId(): string {
  if (used === supply.length) {
    supply = randomBytes(supplyBytes);
    used = 0;
  }
  const id = supply.toString('hex', used, used + idBytes);
  used += idBytes;
  return id;
}

export const systemRandom: Random = { next: () => Math.random(), id: nextId };
