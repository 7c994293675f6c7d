/**
 * The API proxy: everything that operators ask of the API passes here, is numbered and written down, and one rule may
 * change, delay or lose any of it on either way.
 *
 * Numbered from 1 since `arm`: writes, reads (get, list, opening a watch) and the lines that watches tell. The Lease has a life of
 * its own and is not numbered.
 */
import { schedulerClusters } from '../../../operator/api/group.ts';
import { events, leases } from '../../../operator/kube/resources.ts';
import type { RequestInfo } from '../../cluster/apiserver/http/request-info.ts';
import { infoOf, resourceOf } from './api-server.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './http.ts';
import type { Program } from './program.ts';

export interface Exchange {
  readonly program: Program;
  readonly info: RequestInfo;
  /** Such as `StatefulSet`; the plural for a kind that nobody declared. */
  readonly kind: string;
  /** 0 for a read. */
  readonly write: number;
  /** 0 for a write. */
  readonly read: number;
}

export interface Logged extends Exchange {
  readonly at: number;
  /** Of the server, whatever the client was told; undefined while it has not answered, or when nothing reached it. */
  status: number | undefined;
}

export interface Line {
  readonly program: Program;
  readonly n: number;
  readonly text: string;
}

/** What goes wrong. Each part sees everything and leaves alone what it is not about. */
export interface Rule {
  /** Answers in the place of the server, or throws as a broken connection does; undefined passes it on. */
  readonly onRequest?: (
    exchange: Exchange,
    signal: AbortSignal,
  ) => Promise<HttpAnswer | undefined> | undefined;
  /** The server has done it. */
  readonly onAnswer?: (
    exchange: Exchange,
    answer: HttpAnswer,
    signal: AbortSignal,
  ) => Promise<HttpAnswer> | undefined;
  readonly onLine?: (line: Line) => Iterable<string> | AsyncIterable<string> | undefined;
}

const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

export class ApiProxy {
  rule: Rule = {};
  log: Logged[] = [];
  readonly #server: HttpHandler;
  readonly #now: () => number;
  #writes = 0;
  #reads = 0;
  #lines = 0;

  constructor(server: HttpHandler, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  /** Counts anew from here, under a rule. */
  arm(rule: Rule = {}): void {
    this.rule = rule;
    this.log = [];
    this.#writes = this.#reads = this.#lines = 0;
  }

  get counts(): { writes: number; reads: number; lines: number } {
    return { writes: this.#writes, reads: this.#reads, lines: this.#lines };
  }

  /** Writes that reached the server, other than of the Lease, as `verb kind name`. */
  writes(): string[] {
    return this.log
      .filter(({ write, status }) => write > 0 && status !== undefined)
      .map(
        ({ info, kind }) =>
          `${info.verb}${info.subresource && ` ${info.subresource} of`} ${kind} ${info.name}`,
      );
  }

  for(program: Program): HttpHandler {
    return (request) => this.#pass(program, request);
  }

  async #pass(program: Program, request: HttpRequest): Promise<HttpAnswer> {
    const exchange = this.#note(program, request);
    const { onRequest, onAnswer } = this.rule;
    const instead = await onRequest?.(exchange, request.signal);
    if (instead) return instead;
    const answer = await this.#server(request);
    exchange.status = answer.status;
    const changed = (await onAnswer?.(exchange, answer, request.signal)) ?? answer;
    if (typeof changed.body === 'string') return changed;
    return { ...changed, body: this.#linesOf(program, changed.body) };
  }

  #note(program: Program, request: HttpRequest): Logged {
    const info = infoOf(request);
    const kind = resourceOf(info)?.kind ?? info.plural;
    const isRead = reading.has(info.verb);
    const isNumbered = kind !== leases.kind;
    const logged: Logged = {
      ...{ program, info, kind, at: this.#now(), status: undefined },
      write: isNumbered && !isRead ? ++this.#writes : 0,
      read: isNumbered && isRead ? ++this.#reads : 0,
    };
    this.log.push(logged);
    return logged;
  }

  async *#linesOf(program: Program, lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const text of lines) {
      if (program.isDead) return;
      const n = ++this.#lines;
      const changed = this.rule.onLine?.({ program, n, text });
      if (changed) yield* changed;
      else yield text;
    }
  }
}

/** What the operator says of objects that are not its own to make. */
export const isTelling = ({ kind }: Pick<Exchange, 'kind'>): boolean =>
  kind === events.kind || kind === schedulerClusters.kind;
