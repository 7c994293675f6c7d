import { launchInstance } from '../instance-arguments.ts';
import type { System } from '../system.ts';

export const bullmq: System = {
  name: 'bullmq',
  tells: 'BullMQ, request and reply by waitUntilFinished, one queue for each instance',
  instances: 2,
  redis: 'single',
  launch: (place) => launchInstance(new URL('instance.ts', import.meta.url), place),
  peers: new URL('../plain-sockets/peers.ts', import.meta.url).href,
};
