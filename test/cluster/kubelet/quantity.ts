/** Kubernetes quantities as numbers: `250m` is 0.25, `1Gi` is 1073741824. */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export function quantity(text: string): number {
  const [, digits = '', suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(\D*)$/.exec(text) ?? [];
  return digits === '' ? Number.NaN : Number(digits) * (factors[suffix] ?? Number.NaN);
}
