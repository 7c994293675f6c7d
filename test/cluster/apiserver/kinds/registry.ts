/** The kinds that are served right now: the built-in ones and those of established CustomResourceDefinitions. */
import { groupVersion, type Kind } from './kind.ts';

export class Registry {
  readonly #kinds = new Map<string, Kind>();
  /** Grows with every change, so that documents made from the kinds can be cached. */
  #version = 0;

  constructor(builtin: readonly Kind[]) {
    for (const kind of builtin) this.add(kind);
  }

  get version(): number {
    return this.#version;
  }

  add(kind: Kind): void {
    this.#kinds.set(`${groupVersion(kind)}/${kind.plural}`, kind);
    this.#version += 1;
  }

  remove(kind: Kind): void {
    this.#kinds.delete(`${groupVersion(kind)}/${kind.plural}`);
    this.#version += 1;
  }

  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#kinds.get(`${groupVersion({ group, version })}/${plural}`);
  }

  all(): Kind[] {
    return [...this.#kinds.values()];
  }

  ofGroup(group: string): Kind[] {
    return this.all().filter((kind) => kind.group === group);
  }
}
