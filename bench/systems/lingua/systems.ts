/** Our scheduler: as it runs in a fleet, with a replica behind its Redis, with both sockets on one instance, and without Redis. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { environment } from '../../../common/workload.ts';
import type { Launch, Place, System } from '../system.ts';
import { configFile, type Durability } from './config.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const bundle = path.join(root, 'dist/scheduler.mjs');

/** The bundle that ships in the image when it was built, else the sources. */
export const program = existsSync(bundle) ? bundle : path.join(root, 'scheduler/main.ts');

const common = {
  peers: new URL('peers.ts', import.meta.url).href,
  launch: (place: Place) => launch(place, 'redis'),
} as const;

export const lingua: System = {
  ...common,
  name: 'lingua',
  tells: 'this scheduler; every job accepted and finished in Redis before it is told',
  instances: 2,
  redis: 'single',
};

export const linguaReplicated: System = {
  ...common,
  name: 'lingua-replicated',
  tells: 'this scheduler with `durability = "replicated"`: recorded in a replica too before it is told',
  instances: 2,
  redis: 'replicated',
  launch: (place) => launch(place, 'replicated'),
};

export const linguaLocal: System = {
  ...common,
  name: 'lingua-local',
  tells: 'this scheduler, client and worker on one instance: recorded in Redis, no inbox between',
  instances: 1,
  redis: 'single',
};

export const linguaMemory: System = {
  ...common,
  name: 'lingua-memory',
  tells:
    'this scheduler on one instance without Redis (`phase2.enabled = false`): nothing survives the process',
  instances: 1,
  redis: 'none',
};

function launch(place: Place, durability: Durability): Launch {
  const file = path.join(place.directory, `${place.name}.toml`);
  writeFileSync(file, configFile(place, durability));
  const env = { [environment.bindAddress]: '127.0.0.1', LOG_LEVEL: 'warn', LOG_FORMAT: 'json' };
  return { args: [program, '--config', file], env };
}
