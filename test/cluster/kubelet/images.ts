/**
 * What an image is without a container engine: a command, and perhaps the files of the image that people name when they run
 * something else in it. Images are known by their full name, or by their name without tag or digest, which then
 * stands for every version.
 */
import type { Mount } from './mounts.ts';

export interface Image {
  readonly command: readonly string[];
  /** Where a path of the image really is. */
  readonly files: Readonly<Record<string, string>>;
}

export type Images = Readonly<Record<string, readonly string[] | Image>>;

export const imageCommand = (images: Images, image: string): readonly string[] | undefined =>
  imageOf(images, image)?.command;

export const imageFiles = (images: Images, image: string): Mount[] =>
  Object.entries(imageOf(images, image)?.files ?? {}).map(([mountPath, realPath]) => ({
    mountPath,
    realPath,
  }));

function imageOf(images: Images, image: string): Image | undefined {
  const found = images[image] ?? images[withoutVersion(image)];
  return !found || 'command' in found ? found : { command: found, files: {} };
}

function withoutVersion(image: string): string {
  const name = image.split('@')[0] ?? image;
  const colon = name.lastIndexOf(':');
  // A colon before the last slash belongs to a registry's port.
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
