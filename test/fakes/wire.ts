/** A deep copy as if it had crossed the wire: no shared parts, no undefined fields. */
export const wire = <T>(value: T): T =>
  value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
