/** Everything a decision may look at, gathered once. Owned objects are the cluster's by uid, pods the StatefulSet's. */
import type { InstanceReport } from '../../common/admin-api.ts';
import type { RoutesSeen } from './routes.ts';
import type { ConfigMap, Pod, StatefulSet } from '../kube/resources.ts';

export interface Seen {
  readonly configMaps: readonly ConfigMap[];
  readonly statefulSet: StatefulSet | undefined;
  readonly pods: readonly Pod[];
  /** What is wrong with the Secrets that the spec names, for people; empty when nothing is, or when it names none. */
  readonly secretFaults: readonly string[];
  /** Of what these Secrets say now, to compare with what instances log in with; absent when they are not whole, or there are none. */
  readonly credentialsDigest?: string | undefined;
  /** Kinds that the spec asks for and the cluster does not know, or does not let the operator see. */
  readonly missing: readonly Missing[];
  /** What the instances said when last asked, by the uid of their pod; without an entry nobody has asked yet. */
  readonly instances: ReadonlyMap<string, InstanceAnswer>;
  /** What the instances found when they tried the routes between them; absent when nobody tries. */
  readonly routes?: RoutesSeen | undefined;
}

export interface Missing {
  readonly kind: string;
  readonly isForbidden: boolean;
}

export type InstanceAnswer =
  | {
      readonly kind: 'report';
      readonly report: InstanceReport;
      /** To Redis, of the last twelve answers: one slow ping says nothing. Undefined until there were so many. */
      readonly fastestRoundTripMs?: number;
    }
  /** Did not answer, or not as an instance does. */
  | { readonly kind: 'silent'; readonly error: string };
