/** `scheduler dlq list|show|replay|drop`: the dead letters of every instance, and what becomes of them. */
import { count } from '../../common/count.ts';
import { exitCodes } from '../../common/signals.ts';
import { printable, table } from '../../common/table.ts';
import type { DlqRequest } from '../arguments.ts';
import type { DeadLetter, Store } from '../store/store.ts';
import { shownDeadLetter, summaryOf } from './dead-letter-text.ts';
import { withStore, type ToolDeps } from './open-store.ts';
import { asJson, type ToolReport } from './report.ts';

interface Box {
  readonly instanceId: string;
  readonly alive: boolean;
  /** How many there are in all. */
  readonly total: number;
  /** Those that were asked for, oldest first. */
  readonly letters: readonly DeadLetter[];
}

export function deadLetterTool(request: DlqRequest, json: boolean, deps: ToolDeps): Promise<ToolReport> {
  return withStore(deps, async (store) => {
    const boxes = await boxesOf(store, request);
    switch (request.action) {
      case 'list':
        return done(json ? asJson(boxes.map(listed)) : listText(boxes));
      case 'show':
        return missingFrom(boxes, request) ?? done(json ? asJson(boxes.flatMap(shown)) : showText(boxes));
      case 'replay':
        return replay(store, boxes, request, json);
      case 'drop':
        return drop(store, boxes, request, json);
    }
  });
}

const done = (output: string): ToolReport => ({ exitCode: exitCodes.ok, output });
const failed = (output: string): ToolReport => ({ exitCode: exitCodes.unclean, output });

async function boxesOf(store: Store, { instance, entries, limit }: DlqRequest): Promise<Box[]> {
  const [live, dead, holders] = await Promise.all([
    store.instances.live(),
    store.instances.dead(),
    instance === undefined ? store.inbox.instancesWithDeadLetters() : [instance],
  ]);
  const alive = new Set(live.map(({ instanceId }) => instanceId));
  const ids = instance === undefined ? [...new Set([...alive, ...dead, ...holders])].sort() : [instance];
  return Promise.all(
    ids.map(async (instanceId) => {
      const [{ dlqLength }, letters] = await Promise.all([
        store.inbox.stats(instanceId),
        entries.length > 0
          ? theseLetters(store, instanceId, entries)
          : firstLetters(store, instanceId, limit),
      ]);
      return { instanceId, alive: alive.has(instanceId), total: dlqLength, letters };
    }),
  );
}

/** Dead letters hold payloads, so many of them are read in several turns. */
const readMax = 500;

async function firstLetters(
  store: Store,
  instanceId: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (;;) {
    const wanted = Math.min(readMax, limit - letters.length);
    const read = await store.inbox.deadLetters(instanceId, letters.at(-1)?.id ?? '', wanted);
    letters.push(...read);
    if (read.length < wanted || letters.length >= limit) return letters;
  }
}

/** In their order in the stream, however many lie between them. */
async function theseLetters(store: Store, instanceId: string, ids: readonly string[]): Promise<DeadLetter[]> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const [letter] = await store.inbox.deadLetters(instanceId, idBefore(id), 1);
      return letter?.id === id ? letter : undefined;
    }),
  );
  return found.filter((letter) => letter !== undefined);
}

/** The greatest entry id that is lower. */
function idBefore(id: string): string {
  const [ms = '0', sequence = '0'] = id.split('-');
  if (BigInt(sequence) > 0n) return `${ms}-${String(BigInt(sequence) - 1n)}`;
  return BigInt(ms) > 0n ? `${String(BigInt(ms) - 1n)}-18446744073709551615` : '';
}

// -------------------------------------------------------------- list, show

const listed = ({ instanceId, alive, total, letters }: Box) => ({
  instance_id: instanceId,
  alive,
  dead_letters: total,
  entries: letters.map((letter) => ({
    id: letter.id,
    reason: letter.reason,
    deliveries: letter.deliveries,
    moved_at_ms: letter.movedAtMs,
    about: summaryOf(letter),
  })),
});

const nameOf = ({ instanceId, alive }: Box): string => `${instanceId}${alive ? '' : ' (dead)'}`;

function listText(boxes: readonly Box[]): string {
  if (boxes.length === 0) return 'no instance is known under this key prefix\n';
  return boxes
    .map((box) => {
      const { total, letters } = box;
      const head = `${nameOf(box)}: ${total === 0 ? 'no dead letters' : countOf(total)}\n`;
      const rows = letters.map((letter) => [
        `  ${letter.id}`,
        new Date(letter.movedAtMs).toISOString(),
        deliveriesOf(letter),
        printable(letter.reason),
        printable(summaryOf(letter)),
      ]);
      const more = total - letters.length;
      return `${head}${table(rows)}${more > 0 ? `  … and ${String(more)} more (--limit)\n` : ''}`;
    })
    .join('');
}

const countOf = (letters: number): string => count(letters, 'dead letter');

const deliveriesOf = ({ deliveries }: { readonly deliveries: number }): string =>
  count(deliveries, 'delivery', 'deliveries');

const shown = ({ instanceId, letters }: Box) =>
  letters.map((letter) => ({ instance_id: instanceId, ...shownDeadLetter(letter) }));

function showText(boxes: readonly Box[]): string {
  const letters = boxes.flatMap(shown);
  if (letters.length === 0) return 'no dead letters\n';
  return letters
    .map(({ instance_id, id, hints, unreadable, ...rest }) => {
      const head = `${id} of ${instance_id}: ${rest.reason}, ${deliveriesOf(rest)}, moved ${rest.movedAt}`;
      const from = `  from ${rest.source} ${rest.sourceId}, ${String(rest.bytes)} bytes`;
      const body = hints
        ? hints.map((hint) => JSON.stringify(hint, null, 2))
        : [`cannot be read: ${unreadable ?? ''}`];
      const indented = body.flatMap((text) => text.split('\n')).map((line) => `  ${printable(line)}`);
      return `${[printable(head), printable(from), ...indented].join('\n')}\n`;
    })
    .join('\n');
}

// ------------------------------------------------------------ replay, drop

/** What was asked for by its id and is not there. */
function missingFrom(boxes: readonly Box[], { entries, instance }: DlqRequest): ToolReport | undefined {
  const there = new Set(boxes.flatMap(({ letters }) => letters.map(({ id }) => id)));
  const missing = entries.filter((id) => !there.has(id));
  if (missing.length === 0) return undefined;
  return failed(`${instance ?? 'any instance'} has no dead letter ${missing.join(', ')}\n`);
}

const outcomes = {
  replayed: 'replayed',
  gone: 'not there any more',
  busy: 'kept: the inbox is full; try again later',
  no_owner: 'kept: the instance does not live; name another one with --to',
} as const;

async function replay(
  store: Store,
  boxes: readonly Box[],
  request: DlqRequest,
  json: boolean,
): Promise<ToolReport> {
  const missing = missingFrom(boxes, request);
  if (missing) return missing;
  const results: { instance_id: string; id: string; to: string; outcome: keyof typeof outcomes }[] = [];
  for (const { instanceId, letters } of boxes) {
    for (const { id } of letters) {
      const to = request.to ?? instanceId;
      results.push({
        instance_id: instanceId,
        id,
        to,
        outcome: await store.inbox.replayDeadLetter(instanceId, id, to),
      });
    }
  }
  const rows = results.map(({ instance_id, id, to, outcome }) => [
    id,
    instance_id,
    `-> ${to}`,
    outcomes[outcome],
  ]);
  const output = json ? asJson(results) : results.length === 0 ? 'no dead letters\n' : table(rows);
  return results.every(({ outcome }) => outcome === 'replayed') ? done(output) : failed(output);
}

async function drop(
  store: Store,
  boxes: readonly Box[],
  request: DlqRequest,
  json: boolean,
): Promise<ToolReport> {
  const missing = missingFrom(boxes, request);
  if (missing) return missing;
  const asked = boxes.filter(({ letters }) => letters.length > 0);
  if (!request.yes) {
    const total = asked.reduce((sum, { letters }) => sum + letters.length, 0);
    if (total === 0) return done('no dead letters\n');
    const where = asked.map((box) => nameOf(box)).join(', ');
    return failed(`${countOf(total)} of ${where} would be removed for good; say --yes to do it\n`);
  }
  const results = await Promise.all(
    asked.map(async ({ instanceId, letters }) => ({
      instance_id: instanceId,
      dropped: await store.inbox.dropDeadLetters(
        instanceId,
        letters.map(({ id }) => id),
      ),
    })),
  );
  if (json) return done(asJson(results));
  const lines = results.map(({ instance_id, dropped }) => `${instance_id}: dropped ${countOf(dropped)}\n`);
  return done(lines.length === 0 ? 'no dead letters\n' : lines.join(''));
}
