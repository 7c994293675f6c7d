/** What may stand in a key: ids come from other programs, and a brace or a separator would move data to another key. */
import { AppError } from '../../common/errors.ts';

const idPattern = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Returns the id. Throws `invalid` when it is not 1 to 128 of letters, digits, `_`, `.`, `:` and `-`. */
export function checkedId(id: string, what: string): string {
  if (idPattern.test(id)) return id;
  throw new AppError('invalid', `${what} id must be 1 to 128 of A-Z a-z 0-9 _ . : -`, {
    facts: { what, length: id.length },
  });
}
