/** The volumes of one pod as real directories, and what each container sees of them. */
import { mkdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../common/clock.ts';
import type { Pod } from '../../../operator/kube/resources.ts';
import { replaceFiles } from './atomic-directory.ts';
import { expand } from './expand.ts';
import { volumeContent, type FileContext, type Files, type Volume } from './files.ts';
import type { Mount } from './mounts.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

export class PodVolumes {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #written = new Map<string, Files>();
  #versions = 0;

  /** @param directory of this pod alone */
  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /**
   * Brings every volume to its present content; files change only where it differs. Returns what is missing, volume by volume;
   * a volume whose source went away keeps its files.
   */
  async refresh(context: FileContext): Promise<string[]> {
    const missing: string[] = [];
    for (const volume of context.pod.spec?.volumes ?? []) {
      const problem = await this.#bring(volume, context);
      if (problem !== undefined)
        missing.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${problem}`);
    }
    return missing;
  }

  /** What the mount paths of a container stand for. */
  mountsOf(container: Container, variables: Readonly<Record<string, string>>): Mount[] {
    return (container.volumeMounts ?? []).map(({ name, mountPath, subPath, subPathExpr }) => ({
      mountPath,
      realPath: join(this.directoryOf(name), subPath ?? expand(subPathExpr ?? '', variables)),
    }));
  }

  directoryOf(volume: string): string {
    return join(this.#directory, 'volumes', volume);
  }

  async #bring(volume: Volume, context: FileContext): Promise<string | undefined> {
    const directory = this.directoryOf(volume.name);
    if (volume.persistentVolumeClaim) return linkClaim(directory, volume.persistentVolumeClaim, context);
    await mkdir(directory, { recursive: true });
    const content = await volumeContent(volume, context);
    if (!content) return volume.emptyDir ? undefined : 'this kind of volume is not supported';
    if ('missing' in content) return this.#written.has(volume.name) ? undefined : content.missing;
    if (sameFiles(this.#written.get(volume.name), content.files)) return undefined;
    await replaceFiles(directory, content.files, `${this.#clock.now()}_${++this.#versions}`);
    this.#written.set(volume.name, content.files);
    return undefined;
  }
}

/** What a claim holds lies outside the pod's directory and outlives it. */
async function linkClaim(
  link: string,
  { claimName }: NonNullable<Volume['persistentVolumeClaim']>,
  { pod, sources }: FileContext,
): Promise<string | undefined> {
  const directory = sources.claimDirectory(pod.metadata.namespace ?? '', claimName);
  if (directory === undefined) return `persistentvolumeclaim "${claimName}" is not bound`;
  await mkdir(dirname(link), { recursive: true });
  if ((await readlink(link).catch(() => undefined)) !== directory) await symlink(directory, link);
  return undefined;
}

function sameFiles(before: Files | undefined, after: Files): boolean {
  if (before?.size !== after.size) return false;
  return [...after].every(([path, file]) => {
    const was = before.get(path);
    return was !== undefined && was.mode === file.mode && was.content.equals(file.content);
  });
}
