/** What the controllers share: the API, the watched copies, and a queue of keys each. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';
import { toAppError, type AppError } from '../../../common/errors.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import type { KubeObject, ObjectName, Resource } from '../../../operator/kube/kube.ts';
import { WorkQueue } from '../../../operator/kube/queue.ts';
import { eventRecorder, type RecordEvent } from '../events.ts';
import { canonicalJson } from './hash.ts';
import type { Informers } from './informers.ts';

export interface ControllerContext {
  readonly kube: KubeClient;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface Controller {
  stop(): Promise<void>;
}

/** Answers how soon the key should be looked at again although nothing may have changed. */
export type Reconcile = (name: ObjectName) => Promise<{ againInMs?: number }>;

/** A queue that is fed with `namespace/name` keys and works as soon as the copies are complete. */
export function startQueue(context: ControllerContext, controller: string, reconcile: Reconcile): WorkQueue {
  const queue = new WorkQueue({
    ...context,
    log: context.log.child({ controller }),
    workers: 4,
    retryDelay: { baseMs: 100, capMs: 5_000 },
    work: async (key) => {
      try {
        return await reconcile(nameOf(key));
      } catch (error) {
        return afterRefusal(toAppError(error));
      }
    },
  });
  void context.informers.synced().then(() => {
    queue.start();
  });
  return queue;
}

const refusedAgainMs = 1_000;

/** Refusals that are part of the game; throws all others. */
function afterRefusal(error: AppError): { againInMs?: number } {
  // Somebody was faster than our copy: look again when the copy has caught up.
  if (error.code === 'conflict' || error.code === 'not_found') return { againInMs: 50 };
  // In a namespace that is going away nothing can be made any more, and nothing needs to be.
  if (error.message.includes('because it is being terminated')) return {};
  // Admission refuses it: somebody has to change something, and the event has said so.
  if (error.code === 'forbidden' || error.code === 'invalid') return { againInMs: refusedAgainMs };
  throw error;
}

function nameOf(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export const recorder = (context: ControllerContext, component: string): RecordEvent =>
  eventRecorder({ ...context, component });

/**
 * Replaces a status when there is something new to say. Refused with `conflict` when the object is newer than our copy, so that
 * what others write into a status, such as the evictions of a budget, is never overwritten unseen.
 */
export async function writeStatus<T extends KubeObject & { status?: object }>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<void> {
  if (Object.entries(status).every(([field, value]) => same(value, object.status, field))) return;
  const { name, namespace = '' } = object.metadata;
  await kube.subresource({
    resource,
    name: { namespace, name },
    subresource: 'status',
    method: 'PUT',
    body: {
      ...object,
      apiVersion: resource.apiVersion,
      kind: resource.kind,
      status: { ...object.status, ...status },
    },
  });
}

function same(value: unknown, status: object | undefined, field: string): boolean {
  const before = (status as Record<string, unknown> | undefined)?.[field];
  // The API leaves zeros and empty maps out.
  const empty = (one: unknown) => (canonicalJson(one ?? 0) === '{}' ? 0 : (one ?? 0));
  return canonicalJson(empty(before)) === canonicalJson(empty(value));
}

/** Runs all, and fails with the first failure only after the others have ended. */
export async function allSettled(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
