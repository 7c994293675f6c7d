/** "Did you mean": the known key that a misspelt one was most likely meant to be. */
import type { z } from 'zod';

/** All keys of a schema as dotted paths, tables included. */
export function knownPaths(schema: z.core.$ZodType, prefix = ''): string[] {
  const shape = shapeOf(schema);
  if (!shape) return [];
  return Object.entries(shape).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [path, ...knownPaths(child, path)];
  });
}

/**
 * The best advice for the unknown key `path`: a similar key of the same table, else the same key in another table.
 * Undefined when nothing is near.
 */
export function nearestKey(path: string, known: readonly string[]): string | undefined {
  const parent = parentOf(path);
  const leaf = leafOf(path);
  const siblings = known.filter((other) => parentOf(other) === parent);
  const similar = closest(leaf, siblings);
  return similar ?? known.find((other) => leafOf(other) === leaf);
}

function closest(leaf: string, siblings: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(leaf.length / 3));
  let best: { path: string; distance: number } | undefined;
  for (const path of siblings) {
    const distance = editDistance(leaf, leafOf(path));
    if (distance <= limit && (!best || distance < best.distance)) best = { path, distance };
  }
  return best?.path;
}

/** How many single-character edits lie between two short words (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min((row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

const leafOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));

/** The keys of an object schema, through defaults and optionality. */
function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const { def } = schema._zod as { def: { type: string; shape?: unknown; innerType?: z.core.$ZodType } };
  if (def.type === 'object') return def.shape as Record<string, z.core.$ZodType>;
  return def.innerType ? shapeOf(def.innerType) : undefined;
}
