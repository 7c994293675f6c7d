/** The load process: holds the clients and the workers, so that neither counts as cost of the system. */
import type { Client, Peers } from '../systems/system.ts';
import { closedLoop } from './closed-loop.ts';
import { connectAll } from './connect-all.ts';
import type { ConnectOrder, LoopResult, Order, Reply } from './orders.ts';

let clients: readonly Client[] = [];

process.on('message', (order: Order) => {
  void carryOut(order).then(
    (result) => {
      reply({ ok: true, ...(result ? { result } : {}) });
    },
    (error: unknown) => {
      reply({ ok: false, why: error instanceof Error ? error.message : String(error) });
    },
  );
});
// The harness went away: so do we.
process.on('disconnect', () => process.exit(0));

async function carryOut(order: Order): Promise<LoopResult | undefined> {
  if (order.do === 'loop') return closedLoop(clients, order);
  await connect(order);
  return undefined;
}

/** Workers first, so that the first question finds them. */
async function connect(order: ConnectOrder): Promise<void> {
  const peers = (await import(order.peers)) as Peers;
  await connectAll(order.workers, (index) => peers.connectWorker(order.workerPort, index));
  clients = await connectAll(order.clients, (index) => peers.connectClient(order.clientPort, index));
}

function reply(message: Reply): void {
  process.send?.(message);
}
