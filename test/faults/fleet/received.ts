/** Which numbered answers a client has had: what it drops as a repetition, and how far it may acknowledge. */
export class Received {
  #through = 0;
  readonly #beyond = new Set<number>();

  /** It has all answers up to this number. */
  get through(): number {
    return this.#through;
  }

  /** False when it has had this one before. Answers come in the order of utterances, so numbers may not ascend. */
  take(seq: number): boolean {
    if (seq <= this.#through || this.#beyond.has(seq)) return false;
    this.#beyond.add(seq);
    while (this.#beyond.delete(this.#through + 1)) this.#through += 1;
    return true;
  }
}
