/**
 * Every key name, and nothing else spells one. The part in braces is the hash tag: keys with the same tag share a slot,
 * so that one script may touch them together in a cluster.
 */
import { AppError } from '../../../common/errors.ts';
import { checkedId } from '../ids.ts';
import { allPartitions, partitionOf } from '../partition.ts';

export type Keys = ReturnType<typeof createKeys>;

/** Throws `config` when the prefix holds anything but letters, digits, `_`, `.`, `:` and `-`. */
export function createKeys(prefix: string) {
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(prefix)) {
    throw new AppError('config', 'the Redis key prefix must be 1 to 64 of A-Z a-z 0-9 _ . : -');
  }
  return {
    ...sessionKeys(prefix),
    ...instanceKeys(prefix),
    ...nodeKeys(prefix),
  };
}

/** One slot per partition of sessions. `/` separates two ids: it cannot stand in either. */
function sessionKeys(prefix: string) {
  const ofPartition = (tag: string) => `${prefix}:v1:{${tag}}`;
  const inPartition = (sessionId: string) => ofPartition(partitionOf(checkedId(sessionId, 'session')));
  const someTag = allPartitions[0] ?? '';
  return {
    session: (sessionId: string) => `${inPartition(sessionId)}:session:${sessionId}`,
    outbox: (sessionId: string) => `${inPartition(sessionId)}:outbox:${sessionId}`,
    request: (sessionId: string, requestId: string) =>
      `${inPartition(sessionId)}:request:${sessionId}/${checkedId(requestId, 'request')}`,
    dueOfPartition: (tag: string) => `${ofPartition(tag)}:due`,
    /** All that one job touches, at once because a job is what there are most of. */
    ofJob: (sessionId: string, jobId: string) => {
      const partition = inPartition(sessionId);
      const ids = `${sessionId}/${checkedId(jobId, 'job')}`;
      return {
        job: `${partition}:job:${ids}`,
        audio: `${partition}:audio:${ids}`,
        session: `${partition}:session:${sessionId}`,
        due: `${partition}:due`,
        outbox: `${partition}:outbox:${sessionId}`,
      };
    },
    /** How many characters stand before the ids; the tags of all partitions are of one length. */
    idsInJobKey: `${ofPartition(someTag)}:job:`.length,
    idInSessionKey: `${ofPartition(someTag)}:session:`.length,
    sessionOwner: (sessionId: string) =>
      `${prefix}:sessions:owner:{session:${checkedId(sessionId, 'session')}}`,
  };
}

/** One slot per instance for its lease and inbox; the rest is for people and for listing. */
function instanceKeys(prefix: string) {
  const tag = (instanceId: string) => `{instance:${checkedId(instanceId, 'instance')}}`;
  return {
    lease: (instanceId: string) => `${prefix}:v1:${tag(instanceId)}:lease`,
    epoch: (instanceId: string) => `${prefix}:v1:${tag(instanceId)}:epoch`,
    inbox: (instanceId: string) => `${prefix}:streams:${tag(instanceId)}:inbox`,
    deadLetters: (instanceId: string) => `${prefix}:streams:${tag(instanceId)}:dlq`,
    /** Of all instances, as a pattern, and the instance that such a key is of. */
    deadLettersPattern: `${prefix}:streams:{instance:*}:dlq`,
    instanceOfDeadLetters: (key: string) => key.slice(`${prefix}:streams:{instance:`.length, -'}:dlq'.length),
    figures: (instanceId: string) => `${prefix}:v1:${tag(instanceId)}:figures`,
    instances: `${prefix}:v1:instances`,
    presence: (instanceId: string) => `${prefix}:schedulers:presence:${checkedId(instanceId, 'instance')}`,
  };
}

/** One slot per node; the lists of all nodes have slots of their own. */
function nodeKeys(prefix: string) {
  const tag = (nodeId: string) => `{node:${checkedId(nodeId, 'node')}}`;
  return {
    nodeOwner: (nodeId: string) => `${prefix}:nodes:owner:${tag(nodeId)}`,
    nodePresence: (nodeId: string) => `${prefix}:v1:nodes:presence:${tag(nodeId)}`,
    nodeSnapshot: (nodeId: string) => `${prefix}:v1:nodes:snapshot:${tag(nodeId)}`,
    nodeView: (nodeId: string) => `${prefix}:v1:nodes:view:${tag(nodeId)}`,
    /** The snapshot under the name that the guide prints, which people type; only where slots do not matter. */
    nodeSnapshotAlias: (nodeId: string) => `${prefix}:v1:nodes:snapshot:${checkedId(nodeId, 'node')}`,
    nodesAll: `${prefix}:v1:nodes:all`,
    nodesLastSeen: `${prefix}:v1:nodes:last_seen`,
    nodesChanges: `${prefix}:v1:nodes:changes`,
  };
}
