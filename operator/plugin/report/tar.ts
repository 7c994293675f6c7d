/** A tar archive (ustar) of a few files, so that a report is one thing to send. Pure. */

const block = 512;

/** @param files text by path, which has at most 100 characters */
export function tarOf(files: ReadonlyMap<string, string>, modifiedMs: number): Buffer {
  const parts: Buffer[] = [];
  for (const [path, text] of files) {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    parts.push(header(path, content.length, modifiedMs), content, padding);
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

/** Field widths and places of POSIX.1-1988. */
function header(path: string, size: number, modifiedMs: number): Buffer {
  const head = Buffer.alloc(block);
  const octal = (number: number, width: number) => `${number.toString(8).padStart(width - 1, '0')}\0`;
  head.write(path, 0, 100);
  head.write(octal(0o600, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(size, 12), 124);
  head.write(octal(Math.floor(modifiedMs / 1000), 12), 136);
  head.write(' '.repeat(8), 148);
  head.write('0', 156);
  head.write('ustar\u000000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return head;
}
