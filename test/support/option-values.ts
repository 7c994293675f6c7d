/** Numbers on the command lines of campaigns and benches. */

/** @throws with a sentence for the user */
export function wholeNumber(option: string, written: string, min: number, max: number): number {
  const value = Number(written);
  if (/^\d+$/.test(written) && value >= min && value <= max) return value;
  throw new Error(`${option}: '${written}' is not a whole number from ${String(min)} to ${String(max)}`);
}
