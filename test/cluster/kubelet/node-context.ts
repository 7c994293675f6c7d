/** What the pods of a node share. */
import type { Logger } from 'pino';
import type { Clock } from '../../../common/clock.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import type { RecordEvent } from '../events.ts';
import type { ClusterAccess } from '../kubeconfig.ts';
import type { AddressPool } from './addresses.ts';
import type { Images } from './images.ts';
import type { ProcessTable } from './processes.ts';
import type { RestartDelay } from './restart.ts';
import type { RequestToken, Sources } from './sources.ts';

export interface NodeContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly kube: KubeClient;
  readonly cluster: ClusterAccess;
  readonly images: Images;
  readonly processes: ProcessTable;
  readonly addresses: AddressPool;
  readonly sources: Sources;
  readonly requestToken: RequestToken;
  readonly restartDelay: RestartDelay;
  readonly record: RecordEvent;
  /** Holds one directory for each pod. */
  readonly podsDirectory: string;
  /** Leave a pod's directory, with its logs, when the pod is gone. */
  readonly keepDirectories: boolean;
  /** Where a process without `workingDir` runs. */
  readonly workingDirectory: string;
  readonly searchPath: string;
  /** Where the names of Services lead: see `names.ts`. */
  readonly namesFile: string;
}
