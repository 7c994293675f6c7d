import { launchInstance } from '../instance-arguments.ts';
import type { System } from '../system.ts';

export const bareRelay: System = {
  name: 'bare-relay',
  tells:
    'one process that only passes messages between bare WebSockets: the four frames of a trip, which every system here pays for',
  instances: 1,
  redis: 'none',
  launch: (place) => launchInstance(new URL('instance.ts', import.meta.url), place),
  peers: new URL('../plain-sockets/peers.ts', import.meta.url).href,
};
