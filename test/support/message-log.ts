/** The messages a client has received, and waiting for one that may be here already. */
import { patienceMs } from './eventually.ts';

export type Message = Readonly<Record<string, unknown>> & { readonly type: string };

interface Waiter {
  readonly matches: (message: Message) => boolean;
  readonly resolve: (message: Message) => void;
}

export class MessageLog {
  readonly all: Message[] = [];
  readonly #waiters = new Set<Waiter>();

  add(message: Message): void {
    this.all.push(message);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(message)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(message);
    }
  }

  ofType(type: string): Message[] {
    return this.all.filter((message) => message.type === type);
  }

  /** The first message that matches, past or future. */
  first(what: string, matches: (message: Message) => boolean, withinMs = patienceMs): Promise<Message> {
    const here = this.all.find(matches);
    if (here) return Promise.resolve(here);
    return new Promise((resolve, reject) => {
      const waiter = { matches, resolve: done };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const seen = this.all.slice(-20).map((message) => JSON.stringify(message).slice(0, 200));
        reject(new Error(`${what}: not within ${String(withinMs)} ms; received:\n${seen.join('\n')}`));
      }, withinMs);
      function done(message: Message): void {
        clearTimeout(timer);
        resolve(message);
      }
      this.#waiters.add(waiter);
    });
  }
}
