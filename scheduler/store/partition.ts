/**
 * Partitions: everything of one session lives in one of 64 hash slots, so that one script can change it all at once.
 */

const partitions = 64;

/** `p00` to `p63`: the hash tag, without braces, of all keys of a session. */
export function partitionOf(sessionId: string): string {
  return tagOf(crc16(sessionId) % partitions);
}

/** All tags, for sweeps. */
export const allPartitions: readonly string[] = Array.from({ length: partitions }, (_, n) => tagOf(n));

function tagOf(number: number): string {
  return `p${String(number).padStart(2, '0')}`;
}

const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** CRC-16/XMODEM over the UTF-8 bytes: the sum that Redis Cluster uses for its slots. */
export function crc16(text: string): number {
  const bytes = Buffer.from(text);
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    crc = ((crc << 8) & 0xffff) ^ (crcTable[(crc >> 8) ^ (bytes[i] ?? 0)] ?? 0);
  }
  return crc;
}
