/** What a resourceVersion in a list or watch request means, and which combinations are refused. */
import { badRequest, expired, invalid, tooLargeResourceVersion, type ApiError } from '../status.ts';
import { forbiddenField, type FieldError } from '../../../../operator/schema/field-error.ts';

/** The asked revision; undefined when none was given, 0 for "any". */
export function askedRevision(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  const revision = Number(text);
  if (!Number.isInteger(revision) || revision < 0) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return revision;
}

/** Refuses what is not there yet: the client has seen more than this server. */
export function notInFuture(revision: number | undefined, current: number): void {
  if (revision !== undefined && revision > current) throw tooLargeResourceVersion(revision, current);
}

export const tooOld = (revision: number, compacted: number): ApiError =>
  expired(`too old resource version: ${revision} (${compacted})`);

export function checkListOptions(query: URLSearchParams, isWatch: boolean): void {
  const errors = isWatch ? watchErrors(query) : listErrors(query);
  if (errors.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', errors);
}

function listErrors(query: URLSearchParams): FieldError[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  if (query.has('sendInitialEvents')) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (match === '') return errors;
  if (query.get('continue')) {
    errors.push(
      forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
    );
  }
  if (version === '') {
    errors.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      ),
    );
  }
  if (match === 'Exact' && version === '0') {
    errors.push(
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      ),
    );
  }
  return errors;
}

function watchErrors(query: URLSearchParams): FieldError[] {
  const match = query.get('resourceVersionMatch') ?? '';
  if (!query.has('sendInitialEvents')) {
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    return match === '' ? [] : [forbiddenField('resourceVersionMatch', detail)];
  }
  if (match === 'NotOlderThan') return [];
  return [
    forbiddenField(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ),
  ];
}
