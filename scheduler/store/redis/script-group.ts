/**
 * Group commit: what is asked for in one turn of the event loop travels as one script call for each hash slot, or one in
 * all where there are no slots, and each item is answered on its own.
 */
import { AppError, toAppError } from '../../../common/errors.ts';
import { asText } from './reply.ts';
import type { Argument, Script } from './script.ts';

/** Most items of one call, and about the most characters: other clients of Redis wait while it runs. */
const itemsAtOnce = 64;
const charactersAtOnce = 1 << 20;

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/** Runs calls of one script that were gathered in one turn. */
export type RunCalls = (script: Script, calls: readonly ScriptCall[]) => readonly Promise<unknown>[];

interface Parts<Item> {
  readonly script: Script;
  /** Keys and arguments for these items. */
  readonly call: (items: readonly Item[]) => ScriptCall;
  readonly characters: (item: Item) => number;
  /** Undefined where one call may touch every slot. */
  readonly slotOf: ((item: Item) => string) | undefined;
  /** Each reply is one text with a line for each item, which costs both sides less than a list. */
  readonly run: RunCalls;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly settle: PromiseWithResolvers<string>;
}

export class ScriptGroup<Item> {
  readonly #parts: Parts<Item>;
  #waiting: Waiting<Item>[] = [];

  constructor(parts: Parts<Item>) {
    this.#parts = parts;
  }

  /** The reply to this item. Throws what the call threw that it travelled in. */
  ask(item: Item): Promise<string> {
    if (this.#waiting.length === 0) setImmediate(this.#flush);
    const settle = Promise.withResolvers<string>();
    this.#waiting.push({ item, settle });
    return settle.promise;
  }

  readonly #flush = (): void => {
    const due = this.#waiting;
    this.#waiting = [];
    this.#send(inCalls(due, this.#parts));
  };

  #send(groups: readonly (readonly Waiting<Item>[])[]): void {
    const { script, call, run } = this.#parts;
    const replies = run(
      script,
      groups.map((group) => call(group.map(({ item }) => item))),
    );
    for (const [i, group] of groups.entries()) void this.#answer(group, replies[i]);
  }

  async #answer(group: readonly Waiting<Item>[], reply: Promise<unknown> | undefined): Promise<void> {
    try {
      const lines = asText(await reply).split('\n');
      for (const [i, { settle }] of group.entries()) settle.resolve(lines[i] ?? '');
    } catch (error) {
      this.#fail(group, toAppError(error));
    }
  }

  /** One item that Redis cannot work on, because of what stands in its keys, must not fail the others for ever. */
  #fail(group: readonly Waiting<Item>[], error: AppError): void {
    if (error.code === 'internal' && group.length > 1) {
      this.#send(group.map((waiting) => [waiting]));
      return;
    }
    for (const { settle } of group) settle.reject(error);
  }
}

function inCalls<Item>(
  waiting: readonly Waiting<Item>[],
  { slotOf, characters }: Parts<Item>,
): Waiting<Item>[][] {
  if (!slotOf) return inBounds(waiting, characters);
  const slots = Map.groupBy(waiting, ({ item }) => slotOf(item));
  return [...slots.values()].flatMap((together) => inBounds(together, characters));
}

function inBounds<Item>(
  waiting: readonly Waiting<Item>[],
  characters: (item: Item) => number,
): Waiting<Item>[][] {
  const calls: Waiting<Item>[][] = [];
  let room = 0;
  for (const one of waiting) {
    const size = characters(one.item);
    const last = calls.at(-1);
    if (last && last.length < itemsAtOnce && size <= room) {
      last.push(one);
      room -= size;
    } else {
      calls.push([one]);
      room = charactersAtOnce - size;
    }
  }
  return calls;
}
