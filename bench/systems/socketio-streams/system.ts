import { launchInstance } from '../instance-arguments.ts';
import type { System } from '../system.ts';

export const socketioStreams: System = {
  name: 'socketio-streams',
  tells:
    'Socket.IO with its Redis streams adapter, each way one emit to a room; at most once, nothing recorded',
  instances: 2,
  redis: 'single',
  launch: (place) => launchInstance(new URL('instance.ts', import.meta.url), place),
  peers: new URL('peers.ts', import.meta.url).href,
};
