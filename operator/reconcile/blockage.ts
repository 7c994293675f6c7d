/** Why a pass stops before its end: something stands in the way that a person must remove, or the cluster is going. */
import { toAppError, type AppError } from '../../common/errors.ts';
import type { Blocked } from '../decide/conditions/facts.ts';
import type { KubeObject } from '../kube/kube.ts';
import { describeOwner } from './ownership.ts';

export class Blockage extends Error {
  readonly blocked: Blocked;

  constructor(blocked: Blocked) {
    super(blocked.message);
    this.name = 'Blockage';
    this.blocked = blocked;
  }
}

/** The cluster was deleted, another one has its name, or its namespace goes: nothing more may be made for this one. */
export class Abandoned extends Error {}

export const foreign = (object: KubeObject): Blockage =>
  new Blockage({
    reason: 'ForeignObject',
    message: `${object.kind} ${object.metadata.name} has the name that this cluster needs, but it ${describeOwner(object)}; it is not touched, and nothing after it is written.`,
  });

/** The blockage that an error of a step means; what may pass by itself is thrown on, for the queue to try again. */
export function blockageOf(caught: unknown): Blocked {
  if (caught instanceof Blockage) return caught.blocked;
  const error = toAppError(caught);
  // Another object has taken the place of the one we saw: the cache is about to tell.
  const isReplaced = error.message.includes('metadata.uid');
  if (error.code === 'invalid' && !isReplaced) {
    return { reason: 'ObjectRefused', message: `The API server refuses an object: ${error.message}.` };
  }
  if (isOfEndingNamespace(error)) throw new Abandoned();
  if (error.code === 'forbidden') {
    return { reason: 'Forbidden', message: `The API server forbids something: ${error.message}.` };
  }
  throw caught;
}

/** Nothing may be made in a namespace that is being deleted, and the cluster is about to go with it. */
function isOfEndingNamespace({ facts }: AppError): boolean {
  const { causes = [] } = (facts['details'] ?? {}) as { causes?: readonly { reason?: string }[] };
  return causes.some(({ reason }) => reason === 'NamespaceTerminating');
}
