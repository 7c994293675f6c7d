/** Enough at once to be quick, few enough that no listen backlog overflows. */
const atOnce = 64;

/** Opens `count` connections and returns them in order; the first failure fails all. */
export async function connectAll<T>(count: number, connect: (index: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      opened[index] = await connect(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
  return opened;
}
