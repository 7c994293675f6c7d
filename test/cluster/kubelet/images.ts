/**
 * What an image is without a container engine: a command. Images are known by their full name, or by their name without
 * tag or digest, which then stands for every version.
 */
export type Images = Readonly<Record<string, readonly string[]>>;

export function imageCommand(images: Images, image: string): readonly string[] | undefined {
  return images[image] ?? images[withoutVersion(image)];
}

function withoutVersion(image: string): string {
  const name = image.split('@')[0] ?? image;
  const colon = name.lastIndexOf(':');
  // A colon before the last slash belongs to a registry's port.
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
