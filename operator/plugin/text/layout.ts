/** Ages and paragraphs, for people. Pure. */

/** How long ago, in one figure as kubectl has it: `42s`, `7m`, `3h`, `12d`. */
export function age(since: string | undefined, nowMs: number): string {
  const sinceMs = since === undefined ? Number.NaN : Date.parse(since);
  if (Number.isNaN(sinceMs)) return '';
  const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  if (seconds < 120) return `${String(seconds)}s`;
  if (seconds < 2 * 3600) return `${String(Math.floor(seconds / 60))}m`;
  if (seconds < 48 * 3600) return `${String(Math.floor(seconds / 3600))}h`;
  return `${String(Math.floor(seconds / 86_400))}d`;
}

/** Lines no wider than that, where words allow it; those after the first are indented. */
export function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const room = width - (lines.length === 0 ? 0 : indent.length);
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${indent}`);
}
