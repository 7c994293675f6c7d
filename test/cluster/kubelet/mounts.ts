/**
 * Mounts without a file system of one's own: a volume is a real directory, and wherever its mount path stands in a
 * command, an argument or a variable, the real path is put in its place.
 */

export interface Mount {
  /** As the container names it. */
  readonly mountPath: string;
  /** Where it really is. */
  readonly realPath: string;
}

/** Tells a process its mounts as JSON: for paths that it reads in a file, see `preload.ts`. */
export const mountsVariable = 'POCKET_MOUNTS';

/** Replaces whole path prefixes only: `/etc/a` does not touch `/etc/ab`, `/x/etc/a` or `etc/a`. */
export function rewritePaths(text: string, mounts: readonly Mount[]): string {
  if (mounts.length === 0) return text;
  const real = new Map(mounts.map((mount) => [trimmed(mount.mountPath), mount.realPath]));
  // The longest first, so that a mount inside another one wins.
  const paths = [...real.keys()].sort((a, b) => b.length - a.length).map(literal);
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?![\\w.-])`, 'g');
  return text.replace(pattern, (path) => real.get(path) ?? path);
}

const trimmed = (path: string): string => path.replace(/(?<=.)\/+$/, '');

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
