/** Replies of Redis, which the client gives as `unknown`, as what our commands and scripts say they are. */
import { AppError } from '../../../common/errors.ts';

export function asText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  throw unexpected(reply);
}

export const asTextOrNil = (reply: unknown): string | undefined =>
  reply === null || reply === undefined ? undefined : asText(reply);

export function asNumber(reply: unknown): number {
  const number = typeof reply === 'string' ? Number(reply) : reply;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw unexpected(reply);
}

export function asList(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply);
}

export const asTexts = (reply: unknown): string[] => asList(reply).map(asText);

export interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** `[[id, [field, value, ...]], ...]`; an entry that was removed while pending has no fields. */
export function asEntries(reply: unknown): StreamEntry[] {
  return asList(reply).map((item) => {
    const [id, fields] = asList(item);
    return { id: asText(id), fields: pairs(asTexts(fields ?? [])) };
  });
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(flat[i] ?? '', flat[i + 1] ?? '');
  return map;
}

function unexpected(reply: unknown): AppError {
  return new AppError(
    'internal',
    `unexpected reply of type ${reply === null ? 'nil' : typeof reply} from Redis`,
  );
}
