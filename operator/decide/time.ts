/** Times as the API writes them. */

/** `2026-01-01T12:00:00Z`, rounded down. */
export const wholeSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
