/** The floor, put together from its parts. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { Config } from '../config/schema.ts';
import type { NodeDirectory } from '../fleet/node-directory.ts';
import type { NodeLookup } from '../fleet/node-lookup.ts';
import type { Post } from '../fleet/post.ts';
import type { Metrics } from '../metrics.ts';
import type { Retry } from '../retry.ts';
import * as settings from '../settings.ts';
import type { Store } from '../store/store.ts';
import { Announcer } from './announcer.ts';
import { Floor } from './floor.ts';
import { ModelReports } from './model-reports.ts';
import { Outcomes } from './outcomes.ts';
import { Workbench } from './workbench.ts';

interface Parts {
  readonly instanceId: string;
  readonly epoch: () => number;
  readonly config: Config;
  readonly store: Store;
  readonly directory: NodeDirectory;
  readonly lookup: NodeLookup;
  readonly post: Post;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: Retry;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly onCapacity: () => void;
}

export function openFloor(parts: Parts): Floor {
  const { config, store } = parts;
  const { scheduler } = config;
  const limits = settings.floorLimits(config);
  const announcer = new Announcer({
    ...parts,
    nodes: store.nodes,
    presenceMs: limits.presenceTtlMs,
    gatherMs: settings.cadence(config).gatherMs,
    shared: scheduler.phase2.node_snapshot.enabled,
  });
  const modelReports = new ModelReports({ ...parts, debounceMs: settings.modelDebounceMs(config) });
  const outcomes = new Outcomes({ ...parts, jobs: store.jobs, limits: settings.outcomeLimits(config) });
  const workbenchLimits = settings.workbenchLimits(config);
  return new Floor(
    { ...parts, nodes: store.nodes, announcer, modelReports, core: scheduler.core_services, limits },
    (onSlots) => new Workbench({ ...parts, jobs: store.jobs, outcomes, limits: workbenchLimits, onSlots }),
  );
}
