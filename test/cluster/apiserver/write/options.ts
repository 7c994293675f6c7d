/** The query parameters of a write. */
import type { Call } from '../api.ts';
import { invalid } from '../status.ts';
import { notSupported, required } from '../../../../operator/schema/field-error.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly force: boolean;
}

const validations = ['Ignore', 'Warn', 'Strict'] as const;

/** `kind` names the options object in errors: CreateOptions, UpdateOptions or PatchOptions. */
export function writeOptions({ info, userAgent }: Call, kind: string): WriteOptions {
  const { query } = info;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const wrong = dryRun.filter((value) => value !== 'All');
  if (wrong.length > 0) {
    throw invalid('meta.k8s.io', kind, '', [notSupported('dryRun', dryRun, ['All'])]);
  }
  const fieldManager = query.get('fieldManager') ?? '';
  if (fieldManager.length > 128) {
    throw invalid('meta.k8s.io', kind, '', [
      {
        field: 'fieldManager',
        reason: 'FieldValueTooLong',
        message: 'Too long: may not be more than 128 bytes',
      },
    ]);
  }
  return {
    dryRun: dryRun.length > 0,
    fieldManager: fieldManager || managerFrom(userAgent),
    fieldValidation: fieldValidation(query.get('fieldValidation') ?? '', kind),
    force: query.get('force') === 'true',
  };
}

function fieldValidation(value: string, kind: string): WriteOptions['fieldValidation'] {
  if (value === '') return 'Warn';
  const known = validations.find((validation) => validation === value);
  if (known) return known;
  throw invalid('meta.k8s.io', kind, '', [notSupported('fieldValidation', value, [...validations])]);
}

/** Clients that do not name themselves are called by their program, as the user agent begins. */
const managerFrom = (userAgent: string): string => userAgent.split('/')[0]?.slice(0, 128) || 'unknown';

/** Apply is about ownership, so it must say who asks, and only it may use force. */
export function checkApplyOptions(call: Call, isApply: boolean): void {
  const { query } = call.info;
  if (isApply && !query.get('fieldManager')) {
    throw invalid('meta.k8s.io', 'PatchOptions', '', [
      required('fieldManager', 'is required for apply patch'),
    ]);
  }
  if (!isApply && query.has('force')) {
    throw invalid('meta.k8s.io', 'PatchOptions', '', [
      {
        field: 'force',
        reason: 'FieldValueForbidden',
        message: 'Forbidden: may not be specified for non-apply patch',
      },
    ]);
  }
}
