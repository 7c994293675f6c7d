/**
 * What a frame may make of our memory. A frame of megabytes is right when it carries speech, which stays one text; the
 * same megabytes of `[[[[` or `{},{},` become objects of twenty times their size. So a large frame is looked over before
 * it is parsed: only what stands outside its texts counts, and texts are skipped at the speed of a search.
 */

/** Below this size nothing a frame holds is a danger. */
const smallCharacters = 16 * 1024;

/** Lists, objects and their members: more than any message of the protocol has. */
const partsMax = 50_000;
const depthMax = 64;

/** False for a large frame of very many or deeply nested parts. Of a frame that is no JSON the answer means nothing. */
export function isBounded(frame: string): boolean {
  if (frame.length <= smallCharacters) return true;
  let parts = 0;
  let depth = 0;
  for (let at = 0; at < frame.length; at++) {
    const code = frame.charCodeAt(at);
    if (code === quote) {
      at = endOfText(frame, at);
      continue;
    }
    if (code === openList || code === openObject) depth += 1;
    else if (code === closeList || code === closeObject) depth -= 1;
    else if (code !== comma) continue;
    parts += 1;
    if (parts > partsMax || depth > depthMax) return false;
  }
  return true;
}

/** Whether a value of any shape can be handled by what walks through it by recursion. */
export function isShallow(value: unknown, levels = depthMax): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1));
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** Where the quote stands that ends the text begun at `from`; the end of the frame when there is none. */
function endOfText(frame: string, from: number): number {
  let at = from;
  for (;;) {
    at = frame.indexOf('"', at + 1);
    if (at === -1) return frame.length;
    let escapes = 0;
    while (frame.charCodeAt(at - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}
