/**
 * Ports for processes that are killed and started again on the same one. They come from below the range in which the
 * system gives ports to outgoing connections, or one of those would take the port while nobody listens on it.
 */
import { createServer } from 'node:net';
import { closeServer, listen } from '../listening.ts';

const lowest = 12_000;
const count = 18_000;
/** Processes that run side by side begin at different places. */
let next = (process.pid * 61) % count;

/** Never the same twice in one process. */
export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < count; tries++) {
    const port = lowest + next;
    next = (next + 1) % count;
    const probe = createServer();
    const free = await listen(probe, port).then(
      () => true,
      () => false,
    );
    if (!free) continue;
    await closeServer(probe);
    return port;
  }
  throw new Error('there is no free port');
}
