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

/** Something was decided on an older state than the API server's: its caches are about to tell, and the next look decides anew. */
export class Outdated extends Error {}

export const foreign = (object: KubeObject): Blockage =>
  new Blockage({
    reason: 'ForeignObject',
    message: `${object.kind} ${object.metadata.name} has the name that this cluster needs, but it ${describeOwner(object)}; it is not touched, and nothing after it is written.`,
  });

/** The blockage that an error of a step means; what may pass by itself is thrown on: an outage for the queue to try again, a conflict as being late. */
export function blockageOf(caught: unknown): Blocked {
  if (caught instanceof Blockage) return caught.blocked;
  const error = toAppError(caught);
  if (isConflict(error)) throw new Outdated(error.message);
  if (error.code === 'invalid') {
    return { reason: 'ObjectRefused', message: `The API server refuses an object: ${error.message}.` };
  }
  if (isOfEndingNamespace(error)) throw new Abandoned();
  if (error.code === 'forbidden') {
    return { reason: 'Forbidden', message: `The API server forbids something: ${error.message}.` };
  }
  throw caught;
}

/** The object is not the one that was seen, or is gone: each has its own words when the write names its uid and resourceVersion. */
export function isConflict({ code, message }: AppError): boolean {
  if (code === 'conflict') return true;
  return code === 'invalid' && /metadata\.uid|resourceVersion should not be set/.test(message);
}

/** Nothing may be made in a namespace that is being deleted, and the cluster is about to go with it. */
function isOfEndingNamespace({ facts }: AppError): boolean {
  const { causes = [] } = (facts['details'] ?? {}) as { causes?: readonly { reason?: string }[] };
  return causes.some(({ reason }) => reason === 'NamespaceTerminating');
}
