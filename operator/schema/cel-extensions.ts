/** Functions that Kubernetes adds to CEL and the language's own library does not have. */
import type { Environment } from '@marcbachmann/cel-js';
import { isQuantity, quantityNano } from './quantity.ts';

type Comparable = bigint | number | string;

const sorted = (list: readonly Comparable[]): boolean =>
  list.every((item, index) => index === 0 || (list[index - 1] ?? item) <= item);

function extreme(list: readonly Comparable[], better: (a: Comparable, b: Comparable) => boolean): Comparable {
  if (list.length === 0) throw new Error('min or max called on empty list');
  return list.reduce((best, item) => (better(item, best) ? item : best));
}

const sum = (list: readonly (bigint | number)[]): bigint | number =>
  list.reduce<bigint | number>(
    (total, item) =>
      typeof total === 'bigint' && typeof item === 'bigint' ? total + item : Number(total) + Number(item),
    0n,
  );

class Quantity {
  readonly nano: bigint;

  constructor(text: string) {
    if (!isQuantity(text)) throw new Error(`quantities must match the regular expression: ${text}`);
    this.nano = quantityNano(text);
  }
}

export function registerExtensions(environment: Environment): Environment {
  return environment
    .registerType('kubernetes.Quantity', { ctor: Quantity, fields: {} })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, to),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, form: string) => new RegExp(form).exec(text)?.[0] ?? '',
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, form: string) => text.match(new RegExp(form, 'g')) ?? [],
    )
    .registerFunction('list<dyn>.isSorted(): bool', sorted)
    .registerFunction('list<dyn>.sum(): dyn', sum)
    .registerFunction('list<dyn>.min(): dyn', (list: Comparable[]) => extreme(list, (a, b) => a < b))
    .registerFunction('list<dyn>.max(): dyn', (list: Comparable[]) => extreme(list, (a, b) => a > b))
    .registerFunction('list<dyn>.indexOf(dyn): int', (list: unknown[], item: unknown) =>
      BigInt(list.indexOf(item)),
    )
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction('isQuantity(string): bool', isQuantity)
    .registerFunction('quantity(string): kubernetes.Quantity', (text: string) => new Quantity(text))
    .registerFunction(
      'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nano > b.nano,
    )
    .registerFunction(
      'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
      (a: Quantity, b: Quantity) => a.nano < b.nano,
    )
    .registerFunction('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Quantity, b: Quantity) =>
      BigInt(Number(a.nano > b.nano) - Number(a.nano < b.nano)),
    );
}
