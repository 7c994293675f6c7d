/**
 * Quantities in the form in which the API server keeps them: `1000m` is `1`, `1024Mi` is `1Gi`, `2000` is `2k`. A wish
 * written in another form would differ from the stored object for ever.
 */

const decimalExponents = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Billionths: the smallest part the API server keeps. */
const nano = 1_000_000_000n;

/** @param quantity of one of the forms that the definition's patterns let through; any other is returned as it is */
export function canonicalQuantity(quantity: number | string): string {
  const match = /^([0-9]+)(?:\.([0-9]{1,9}))?([numkMGTPE]|[KMGTPE]i)?$/.exec(String(quantity));
  if (!match) return String(quantity);
  const [, whole = '0', fraction = '', suffix = ''] = match;
  const nanos = BigInt(whole) * nano + BigInt(fraction.padEnd(9, '0'));
  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) return binary(nanos * 1024n ** BigInt(power));
  return decimal(nanos, decimalExponents.get(suffix) ?? 0);
}

/** Whole bytes; undefined for what is not of one of those forms. */
export function bytesOf(quantity: number | string): number | undefined {
  const match = /^([0-9.]+)([kKMGT]?)(i?)$/.exec(String(quantity));
  if (!match) return undefined;
  const [, amount, suffix = '', binary] = match;
  const power = ['', 'k', 'm', 'g', 't'].indexOf(suffix.toLowerCase());
  return Math.floor(Number(amount) * (binary ? 1024 : 1000) ** power);
}

/** Whole bytes with the largest suffix that leaves no fraction; small amounts have none, so they stay exact. */
function binary(nanos: bigint): string {
  if (nanos < 1024n * nano) return decimal(nanos, 0);
  let value = (nanos + nano - 1n) / nano;
  let power = 0;
  while (value % 1024n === 0n && power < binarySuffixes.length - 1) {
    value /= 1024n;
    power += 1;
  }
  return `${String(value)}${binarySuffixes[power] ?? ''}`;
}

/** The largest suffix, in steps of a thousand, that leaves no fraction. */
function decimal(nanos: bigint, scale: number): string {
  if (nanos === 0n) return '0';
  let value = nanos;
  let exponent = scale - 9;
  while (exponent < -9) {
    value = (value + 999n) / 1000n;
    exponent += 3;
  }
  while (value % 1000n === 0n && exponent < 18) {
    value /= 1000n;
    exponent += 3;
  }
  const suffix = [...decimalExponents].find(([, known]) => known === exponent)?.[0] ?? '';
  return `${String(value)}${suffix}`;
}
