/** How much of what was used stays: the heap after everything that can be collected was. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that stay in use after `work`, beyond those that were in use before. */
export function heapGrowth(work: () => void): number {
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  work();
  return used() - before;
}
