/** Events as the kubelet, the scheduler and the controllers write them: an equal one is counted up instead of written again. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { KubeObject, Resource } from '../../operator/kube/kube.ts';

interface CoreEvent extends KubeObject {
  readonly count: number;
}

const coreEvents: Resource<CoreEvent> = { apiVersion: 'v1', kind: 'Event', plural: 'events' };

export interface Happening {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Which part of the object, such as `spec.containers{web}`. */
  readonly fieldPath?: string;
}

export type RecordEvent = (happening: Happening) => void;

export interface Recorder {
  readonly kube: Pick<KubeClient, 'create' | 'patch'>;
  readonly component: string;
  readonly host?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How many different events are remembered for counting. */
const rememberedMax = 1000;

/** Writes in the background and in order. An event that cannot be written is only logged: nothing depends on events. */
export function eventRecorder(recorder: Recorder): RecordEvent {
  const written = new Map<string, { name: string; count: number }>();
  let last = Promise.resolve();
  return (happening) => {
    last = last
      .then(() => write(recorder, happening, written))
      .catch((error: unknown) => {
        recorder.log.debug({ err: error, reason: happening.reason }, 'event not written');
      });
  };
}

async function write(
  recorder: Recorder,
  happening: Happening,
  written: Map<string, { name: string; count: number }>,
): Promise<void> {
  const { about, reason, message, fieldPath = '' } = happening;
  const same = [about.metadata.uid, reason, message, fieldPath].join('|');
  const before = written.get(same);
  const lastTimestamp = timestamp(recorder.clock);
  if (before) {
    before.count++;
    const name = { namespace: namespaceOf(about), name: before.name };
    await recorder.kube.patch(coreEvents, name, { count: before.count, lastTimestamp });
    return;
  }
  const { metadata } = await recorder.kube.create(coreEvents, coreEvent(recorder, happening, lastTimestamp));
  written.set(same, { name: metadata.name, count: 1 });
  const oldest = written.keys().next().value;
  if (written.size > rememberedMax && oldest !== undefined) written.delete(oldest);
}

function coreEvent(recorder: Recorder, happening: Happening, at: string): CoreEvent {
  const { about, type, reason, message, fieldPath } = happening;
  const { name, uid, resourceVersion } = about.metadata;
  const namespace = namespaceOf(about);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${recorder.random.id().slice(0, 16)}`, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      uid,
      resourceVersion,
      ...(about.metadata.namespace ? { namespace } : {}),
      ...(fieldPath ? { fieldPath } : {}),
    },
    type,
    reason,
    message: message.slice(0, 1024),
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: recorder.component, ...(recorder.host ? { host: recorder.host } : {}) },
    reportingComponent: recorder.component,
    reportingInstance: recorder.host ?? '',
  } as CoreEvent;
}

const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? 'default';

const timestamp = (clock: Clock): string => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
