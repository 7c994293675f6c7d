/** Kubernetes' MicroTime: RFC 3339 in UTC with exactly six fractional digits; the API refuses any other number of them. */
export const microTime = (unixMs: number): string => new Date(unixMs).toISOString().replace('Z', '000Z');
