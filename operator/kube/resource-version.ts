/**
 * The order of two versions of one kind. They are numbers that grow on every API server there is, and Kubernetes promises it since
 * 1.35; where they are something else, nothing is said about their order.
 */
export function isOlder(a: string, b: string): boolean {
  return isNumber(a) && isNumber(b) && BigInt(a) < BigInt(b);
}

const isNumber = (version: string): boolean => /^[0-9]+$/.test(version);
