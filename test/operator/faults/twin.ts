/**
 * A second API server behind the same address whose watch cache is old: it tells nothing new until it has caught up, and
 * refuses watches from a time that it does not know yet. Writes, reads and lists are true, because both servers ask the
 * same store; Kubernetes promises that for lists without a resourceVersion, and the operator makes no others.
 */
import type { FakeKube } from '../../fakes/kube.ts';
import { infoOf, refusal, resourceOf } from './api-server.ts';
import type { HttpHandler } from './http.ts';

export class Twin {
  readonly #kube: FakeKube;
  readonly #server: HttpHandler;
  /** Of the copy; undefined when it is up to date. */
  #version: number | undefined;
  #caughtUp: Promise<void> = Promise.resolve();
  #catchUp: () => void = () => undefined;

  constructor(kube: FakeKube, server: HttpHandler) {
    this.#kube = kube;
    this.#server = server;
  }

  /** From now on everybody is connected to the copy of that time. */
  freeze(version: number): void {
    if (this.#version !== undefined) return;
    this.#version = version;
    this.#caughtUp = new Promise((resolve) => (this.#catchUp = resolve));
    this.#kube.breakWatches();
  }

  thaw(): void {
    this.#version = undefined;
    this.#catchUp();
  }

  readonly handler: HttpHandler = async (request) => {
    const info = infoOf(request);
    const resource = resourceOf(info);
    const version = this.#version;
    if (version === undefined || !resource) return this.#server(request);
    if (info.verb !== 'watch') return this.#server(request);
    if (Number(info.query.get('resourceVersion')) > version) return refusal(504, 'Timeout');
    await this.#caughtUp;
    return this.#server(request);
  };
}
