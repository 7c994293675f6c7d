/** Quantities (`500m`, `1Gi`, `1e3`) in the canonical form the API gives back: no fraction, largest fitting suffix. */
import type { JsonObject } from './json.ts';

const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const form = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;

interface Scaled {
  /** In billionths, the finest step the API keeps. */
  readonly nano: bigint;
  readonly style: 'binary' | 'decimal' | 'exponent';
}

const NANO = 1_000_000_000n;

function parse(text: string): Scaled | undefined {
  const match = form.exec(text);
  if (!match) return undefined;
  const [, sign, digits = '0', suffix = ''] = match;
  const nano = scaled(digits, suffix);
  const style = suffix.endsWith('i') ? 'binary' : /^[eE]/.test(suffix) ? 'exponent' : 'decimal';
  return { nano: sign === '-' ? -nano : nano, style };
}

function scaled(digits: string, suffix: string): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  if (suffix.endsWith('i')) {
    const factor = 1024n ** BigInt(binary.indexOf(suffix));
    return roundUp(BigInt(whole + fraction) * NANO * factor, 10n ** BigInt(fraction.length));
  }
  const exponent = /^[eE]/.test(suffix) ? Number(suffix.slice(1)) : 3 * (decimal.indexOf(suffix) - 3);
  const power = exponent + 9 - fraction.length;
  const value = BigInt(whole + fraction);
  return power >= 0 ? value * 10n ** BigInt(power) : roundUp(value, 10n ** BigInt(-power));
}

const roundUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

export const isQuantity = (text: string): boolean => parse(text) !== undefined;

/** The canonical text, or the text itself when it is no quantity. */
export function canonicalQuantity(quantity: number | string): string {
  const text = String(quantity);
  const parsed = parse(text);
  if (!parsed) return text;
  const { nano, style } = parsed;
  if (style === 'binary' && nano % NANO === 0n) return withBinarySuffix(nano / NANO);
  return style === 'exponent' ? withExponent(nano) : withDecimalSuffix(nano);
}

function withBinarySuffix(value: bigint): string {
  if (value > -1024n && value < 1024n) return String(value);
  let power = 0;
  let rest = value;
  while (power < 6 && rest % 1024n === 0n) {
    rest /= 1024n;
    power += 1;
  }
  return `${rest}${binary[power] ?? ''}`;
}

function thousands(nano: bigint): { rest: bigint; power: number } {
  let power = 0;
  let rest = nano;
  while (power < decimal.length - 1 && rest % 1000n === 0n && rest !== 0n) {
    rest /= 1000n;
    power += 1;
  }
  return { rest, power };
}

function withDecimalSuffix(nano: bigint): string {
  if (nano === 0n) return '0';
  const { rest, power } = thousands(nano);
  return `${rest}${decimal[power] ?? ''}`;
}

function withExponent(nano: bigint): string {
  const { rest, power } = thousands(nano);
  const exponent = 3 * (power - 3);
  return exponent === 0 || rest === 0n ? String(rest) : `${rest}e${exponent}`;
}

/** Whole bytes; undefined for what is no quantity. */
export function bytesOf(quantity: number | string): number | undefined {
  const parsed = parse(String(quantity));
  return parsed && Number(parsed.nano / NANO);
}

/** In billionths, for comparisons such as limit against request; none for what is no quantity. */
export const quantityNano = (text: string): bigint => parse(text)?.nano ?? 0n;

/** Makes every value of a resource list canonical, in place. Numbers become text as the API does. */
export function canonicalResources(resources: JsonObject | undefined): void {
  for (const [name, value] of Object.entries(resources ?? {})) {
    if (resources && (typeof value === 'string' || typeof value === 'number')) {
      resources[name] = canonicalQuantity(value);
    }
  }
}
