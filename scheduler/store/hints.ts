/**
 * Hints: what instances tell each other through their inboxes. A hint may be lost or repeated; the job's record is the
 * truth. On the wire an inbox entry has one field, `payload`, holding a JSON array of hints.
 *
 * A reader ignores hint types it does not know, because versions mix during a rolling update.
 */
import { z } from 'zod';

const id = z.string().min(1).max(256);
const attempt = z.int().min(0);

/** Why a node's instance will not run an attempt. */
const refusalReasons = ['full', 'gone', 'not_ready', 'draining'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** One terminal answer, as it stands in a session's outbox. `answer` is the JSON of an `Answer` (see store.ts). */
const outboxEntry = z.object({
  seq: z.int().min(1),
  job_id: id,
  utterance_index: z.int().min(0),
  answer: z.string(),
});

export const Hint = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('assign'),
    job_id: id,
    session_id: id,
    attempt,
    node_id: id,
    /** The instance that asks, to which a refusal goes. */
    from: id,
    /** JSON of the assignment (everything of `job_assign` but attempt and audio); absent: read it from the record. */
    assign: z.string().optional(),
    /** Base64 audio when small; absent: read it from the record. */
    audio: z.string().optional(),
  }),
  z.object({
    type: z.literal('refused'),
    job_id: id,
    session_id: id,
    attempt,
    node_id: id,
    reason: z.enum(refusalReasons),
    /** The instance that refuses; what it says of the node is old news when that is elsewhere by now. */
    from: id.optional(),
  }),
  z.object({
    type: z.literal('requeued'),
    job_id: id,
    session_id: id,
    attempt,
    node_id: id,
    /** JSON of the `Answer` the node gave, when it could not do the job and another may: the job's, if none is left. */
    failure: z.string().optional(),
  }),
  z.object({
    type: z.literal('cancel'),
    job_id: id,
    session_id: id,
    attempt,
    node_id: id,
    reason: z.string(),
  }),
  z.object({
    type: z.literal('progress'),
    session_id: id,
    /** A complete session message as JSON, passed through unread. */
    message: z.string(),
  }),
  z.object({
    type: z.literal('results'),
    session_id: id,
    /** The outbox holds answers up to here. */
    seq: z.int().min(1),
    /** The newest of them when small; otherwise the owner reads the outbox. */
    entries: z.array(outboxEntry).optional(),
  }),
  /** The session is another instance's since this epoch: its socket here is the old one. */
  z.object({ type: z.literal('superseded'), session_id: id, epoch: z.int().min(1) }),
  /** Jobs of `from` wait because our nodes are full: say when a slot frees. */
  z.object({ type: z.literal('interest'), from: id }),
  z.object({ type: z.literal('capacity'), node_id: id, from: id }),
]);
export type Hint = z.infer<typeof Hint>;
export type HintOf<T extends Hint['type']> = Extract<Hint, { type: T }>;
