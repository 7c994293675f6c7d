/** The harness's end of a load process. */
import type { Order, LoopResult, Reply } from '../load/orders.ts';
import { within } from './deadline.ts';
import type { Child, Processes } from './processes.ts';

export interface LoadProcess {
  readonly child: Child;
  /** Carries out one order; rejects with the load process's own words when it could not. */
  send(order: Order, limitMs: number): Promise<LoopResult | undefined>;
}

export function startLoad(processes: Processes, name: string): LoadProcess {
  const file = new URL('../load/main.ts', import.meta.url).pathname;
  const child = processes.start(name, process.execPath, [file], { channel: true });
  const send = async (order: Order, limitMs: number) => {
    const replied = new Promise<Reply>((resolve) => child.process.once('message', resolve));
    child.process.send(order);
    const stopped = child.ended.then(() => Promise.reject(new Error(`${name} was stopped`)));
    const settled = Promise.race([replied, child.crashed, stopped]);
    const reply = await within(settled, limitMs, `${name} to finish '${order.do}'`);
    if (!reply.ok) throw new Error(`${name}: ${reply.why}`);
    return reply.result;
  };
  return { child, send };
}
