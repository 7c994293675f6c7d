/** The process a container becomes. Pure. */
import { dirname } from 'node:path';
import type { Pod } from '../../../operator/kube/resources.ts';
import { expand } from './expand.ts';
import { rewritePaths, type Mount } from './mounts.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

export interface Launch {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

export interface LaunchContext {
  /** The image's entry point. */
  readonly image: readonly string[];
  /** What every process gets, whatever its container says. */
  readonly base: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly workingDirectory: string;
}

/** `command` replaces the image's entry point, `args` follow it; mount paths become real ones wherever they stand. */
export function launchOf(container: Container, context: LaunchContext): Launch {
  const { image, base, variables, mounts } = context;
  const real = (text: string) => rewritePaths(text, mounts);
  const written = (text: string) => real(expand(text, variables));
  const own = Object.entries(variables).map(([name, value]) => [name, real(value)] as const);
  return {
    argv: [...(container.command?.map(written) ?? image), ...(container.args ?? []).map(written)],
    environment: { ...base, ...Object.fromEntries(own) },
    workingDirectory: container.workingDir ? real(container.workingDir) : context.workingDirectory,
  };
}

/** A search path that finds this very Node first, so that `node` in a command is the version the project runs on. */
export const searchPath = (inherited: string | undefined): string =>
  `${dirname(process.execPath)}:${inherited ?? '/usr/local/bin:/usr/bin:/bin'}`;
