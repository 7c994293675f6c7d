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

/** Refusals that are part of the game; throws all others. */
function afterRefusal(error: AppError): { againInMs?: number } {
  // Somebody was faster than our copy: look again when the copy has caught up.
  if (error.code === 'conflict' || error.code === 'not_found') return { againInMs: 50 };
  // In a namespace that is going away nothing can be made any more, and nothing needs to be.
  if (error.code === 'forbidden' && error.message.includes('because it is being terminated')) return {};
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

/** Writes a status that says something new. The uid keeps it away from a later object of the same name. */
export async function writeStatus<T extends KubeObject & { status?: object }>(
  kube: KubeClient,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<void> {
  const news = Object.fromEntries(
    Object.entries(status).filter(([field, value]) => !same(value, object.status, field)),
  );
  if (Object.keys(news).length === 0) return;
  const { name, namespace = '', uid } = object.metadata;
  await kube.subresource({
    resource,
    name: { namespace, name },
    subresource: 'status',
    method: 'PATCH',
    body: { metadata: { uid }, status: news },
  });
}

function same(value: unknown, status: object | undefined, field: string): boolean {
  const before = (status as Record<string, unknown> | undefined)?.[field];
  // The API leaves zeros out.
  return canonicalJson(before ?? 0) === canonicalJson(value ?? 0);
}

/** Runs all, and fails with the first failure only after the others have ended. */
export async function allSettled(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
