/**
 * Bugs to plant, each one that a person could really make, and the part of the suite that must catch it. `says` is what
 * its output must say, so that a bug is not "caught" by something that merely broke. A text that does not stand in its file
 * exactly once any more is a failure of the run: the list must follow the code.
 */
export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly replace: string;
  readonly by: string;
  /** Arguments of Node: a file of the suite and what it is to run. */
  readonly caughtBy: readonly string[];
  readonly says: RegExp;
}

const learning = ['test/faults/main.ts', '--points', '0'] as const;
const point = (id: string, ...more: string[]) => [
  'test/faults/main.ts',
  '--skip-learning',
  '--only',
  id,
  ...more,
];
const row = (id: string) => ['test/faults/environment.ts', '--rows', id];
const fuzz = ['test/faults/fuzz.ts', '--messages', '20000', '--socket-messages', '0'] as const;

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a request sent again becomes another job',
    file: 'scheduler/store/redis/scripts/accept.ts',
    replace: 'local first = q and (known[2 * n + q] or taken[KEYS[2 * n + q]])',
    by: 'local first',
    caughtBy: row('26'),
    says: /two-jobs|duplicated/,
  },
  {
    name: 'a job may end twice',
    file: 'scheduler/store/redis/scripts/finish.ts',
    replace: "elseif state == 'f' then",
    by: 'elseif false then',
    caughtBy: row('33'),
    says: /duplicated|conflict|answers of s-/,
  },
  {
    name: 'an ended job keeps its deadline',
    file: 'scheduler/store/redis/scripts/finish.ts',
    replace: "redis.call('ZREM', KEYS[2 * n + i], ids)",
    by: '',
    caughtBy: learning,
    says: /books: redis: deadlines/,
  },
  {
    name: 'slots are not counted',
    file: 'scheduler/floor/slots.ts',
    replace: 'if (!present && this.free <= 0)',
    by: 'if (!present && this.free <= -2)',
    caughtBy: row('3i'),
    says: /over-slots/,
  },
  {
    name: 'a slot is never freed',
    file: 'scheduler/floor/slots.ts',
    replace: 'if (job) this.#jobs.delete(jobId);',
    by: '',
    caughtBy: learning,
    says: /were answered with a result|a first answer/,
  },
  {
    name: 'answers are told as they come',
    file: 'scheduler/decide/delivery-order.ts',
    replace: 'if (!restored) return index <= this.#nextIndex();',
    by: 'if (!restored) return index >= 0;',
    caughtBy: row('3i'),
    says: /out-of-order/,
  },
  {
    name: 'a left-out index is passed over in silence',
    file: 'scheduler/decide/delivery-order.ts',
    replace: 'if (restored || index - from > gapMax) return [];',
    by: 'if (restored || index - from > 0) return [];',
    caughtBy: row('7-skip'),
    says: /left-out indexes were called missing/,
  },
  {
    name: 'a hold never ends',
    file: 'scheduler/decide/delivery-order.ts',
    replace: 'nowMs - held.sinceMs >= this.#holdMs',
    by: 'nowMs - held.sinceMs >= this.#holdMs + 1e9',
    caughtBy: row('7-skip'),
    says: /lost/,
  },
  {
    name: 'the two texts of a result are mixed up',
    file: 'scheduler/floor/answer.ts',
    replace: "textTranslated: result.text_translated ?? ''",
    by: "textTranslated: result.text_asr ?? ''",
    caughtBy: learning,
    says: /corrupt/,
  },
  {
    name: 'results go to whichever session is first',
    file: 'scheduler/desk/desk.ts',
    replace: 'const session = this.#sessions.get(hint.session_id);\n    if (session) return',
    by: 'const [session] = this.#sessions.values();\n    if (session) return',
    caughtBy: learning,
    says: /lost|wrong-session|phantom|were answered with a result|a first answer/,
  },
  {
    name: 'a slot is freed and its node is not told to stop',
    file: 'scheduler/floor/workbench.ts',
    replace: 'this.#sendCancel(node, hint.job_id, hint.reason);',
    by: '',
    caughtBy: row('19-silent'),
    says: /over-slots/,
  },
  {
    name: 'jobs of dead owners are not swept',
    file: 'scheduler/desk/sweeper.ts',
    replace: 'if (!owns(ref.jobId)) await sweep(ref, deps);',
    by: 'owns(ref.jobId);',
    caughtBy: point('5-after-A-kill'),
    says: /left-open|lost|books: redis: deadlines/,
  },
  {
    name: 'a lost lease changes nothing',
    file: 'scheduler/fleet/lease.ts',
    replace: '    onLost();',
    by: '    // go on',
    caughtBy: row('8a'),
    says: /still holds its node/,
  },
  {
    name: 'a lease is claimed over a living holder',
    file: 'scheduler/store/redis/scripts/lease-claim.ts',
    replace: 'if not same then return',
    by: 'if false then return',
    caughtBy: row('16'),
    says: /the twin ended with/,
  },
  {
    name: 'a lease is renewed by a write that a full Redis refuses',
    file: 'scheduler/store/redis/scripts/lease-renew.ts',
    replace: "return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
    by: "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1",
    caughtBy: row('9'),
    says: /leases were lost/,
  },
  {
    name: 'liveness depends on Redis',
    file: 'scheduler/edge/routes.ts',
    replace: "[`GET ${paths.livez}`]: () => text(200, 'ok\\n'),",
    by: "[`GET ${paths.livez}`]: () => (readiness.reasons().length === 0 ? text(200, 'ok\\n') : text(503, 'no\\n')),",
    caughtBy: row('3'),
    says: /liveness fell/,
  },
  {
    name: 'SIGTERM is not handled',
    file: 'scheduler/main.ts',
    replace: '  stopOnSignals(lifecycle, log);',
    by: '  void stopOnSignals;',
    caughtBy: row('1'),
    says: /after SIGTERM/,
  },
  {
    name: 'the queue of a slow reader has no end',
    file: 'scheduler/edge/connection.ts',
    replace: 'if (this.unreadBytes <= this.#shared.sendQueueBytes) return true;',
    by: 'if (this.unreadBytes >= 0) return true;',
    caughtBy: row('21'),
    says: /not closed with 1013/,
  },
  {
    name: 'half-open connections are not noticed',
    file: 'scheduler/edge/connection.ts',
    replace: 'if (!this.#heard && !this.#socket.isPaused) {',
    by: 'if (this.closed) {',
    caughtBy: row('22s'),
    says: /not noticed/,
  },
  {
    name: 'what is not JSON throws',
    file: 'scheduler/protocol/codec.ts',
    replace: '  } catch {\n    return undefined;\n  }',
    by: '  } finally {\n    void frame;\n  }',
    caughtBy: fuzz,
    says: /SyntaxError/,
  },
  {
    name: 'message types are looked up in the prototype too',
    file: 'scheduler/protocol/codec.ts',
    replace: 'const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;',
    by: 'const schema = schemas[type];',
    caughtBy: fuzz,
    says: /TypeError/,
  },
  {
    name: 'fields that nobody asked for are passed on',
    file: 'scheduler/protocol/session-messages.ts',
    replace: 'export const SessionInit = z.object({',
    by: 'export const SessionInit = z.looseObject({',
    caughtBy: fuzz,
    says: /fields nobody asked for/,
  },
  {
    name: 'a failed trim is nobody’s',
    file: 'scheduler/desk/delivery.ts',
    replace:
      "this.#deps.sessions.trimOutbox(session.sessionId, through).catch((error: unknown) => {\n        this.#deps.log.debug({ err: error }, 'outbox could not be trimmed');\n      });",
    by: 'void this.#deps.sessions.trimOutbox(session.sessionId, through);',
    caughtBy: point('22-before-A-error'),
    says: /crash/,
  },
  {
    name: 'hints are never acknowledged',
    file: 'scheduler/fleet/inbox-reader.ts',
    replace: 'receipts.add(ids.filter((id) => id !== undefined));',
    by: 'receipts.add(ids.filter((id) => id === undefined));',
    caughtBy: learning,
    says: /books: redis: (inbox|unacknowledged|dead letters)/,
  },
  {
    name: 'what cannot be read is acknowledged away',
    file: 'scheduler/store/redis/scripts/inbox-dead-letter.ts',
    replace: 'if tonumber(maxLength) > 0 then',
    by: 'if false then',
    caughtBy: row('20'),
    says: /books: redis: dead letters/,
  },
];
