import { launchInstance } from '../instance-arguments.ts';
import type { System } from '../system.ts';

export const naiveInbox: System = {
  name: 'naive-inbox',
  tells:
    'a stream inbox per instance, one message at a time: GET owner, EXISTS presence, XADD; XREADGROUP, deliver, XACK, XDEL',
  instances: 2,
  redis: 'single',
  launch: (place) => launchInstance(new URL('instance.ts', import.meta.url), place),
  peers: new URL('../plain-sockets/peers.ts', import.meta.url).href,
};
