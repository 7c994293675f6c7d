/** The end of a connection as a crash or a broken line makes it. */
import type { Socket } from 'node:net';

/** One whose end is under way already is cut instead: libuv refuses to reset it, and Node would then keep it open for ever. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
