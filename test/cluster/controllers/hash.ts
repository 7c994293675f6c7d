/** Short, stable names for content. */

/** JSON with sorted keys: equal content gives equal text, however it was written down. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Neither vowels nor digits that look like them: a hash never spells a word. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a over the canonical JSON, as up to ten characters that may stand in a name. */
export function contentHash(value: unknown, collisionCount = 0): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${canonicalJson(value)}${collisionCount > 0 ? collisionCount : ''}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return String(hash).replace(/\d/g, (digit) => alphabet.charAt(digit.charCodeAt(0) % alphabet.length));
}
