/**
 * What an instance publishes of itself for people, so that any instance can show all. Written every two seconds under a
 * key that expires; read by instances of perhaps other versions, so a reader takes only what it knows.
 */
import { z } from 'zod';

/** Something a person who looks after the fleet wants to know. */
const notable = z.object({
  at_ms: z.number(),
  level: z.enum(['info', 'warn', 'error']),
  /** A sentence. */
  what: z.string().max(500),
  /** How many times, when it came again soon. */
  count: z.number(),
  /** Every instance tells of it: it is about another one. */
  common: z.boolean().optional(),
});
export type Notable = z.infer<typeof notable>;

const series = z.array(z.number().nullable()).max(600);

export const Figures = z.object({
  published_at_ms: z.number(),
  hostname: z.string(),
  pid: z.number(),
  state: z.enum(['serving', 'draining']),
  sessions: z.number(),
  /** Without a connection, kept for their clients. */
  sessions_detached: z.number(),
  nodes: z.number(),
  waiting: z.number(),
  running: z.number(),
  jobs_per_second: z.number(),
  /** Utterance to delivery, deliveries of the last minute by bucket: counts of several instances can be added. */
  latency: z.object({ bounds_seconds: z.array(z.number()), counts: z.array(z.number()) }),
  redis_round_trip_ms: z.number().nullable(),
  loop_delay_ms: z.number(),
  /** One value every two seconds, the newest last. */
  history: z.object({
    jobs_per_second: series,
    p50_ms: series,
    p99_ms: series,
    waiting: series,
    running: series,
  }),
  /** The newest last. */
  notable: z.array(notable).max(200),
});
export type Figures = z.infer<typeof Figures>;

/** Undefined when there are none, or a version that we do not understand wrote them. */
export function parseFigures(text: string | undefined): Figures | undefined {
  if (text === undefined) return undefined;
  try {
    return Figures.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Host and process that publish an instance's figures: they hold its lease. */
export function publisherOf(text: string | undefined): { hostname: string; pid: number } | undefined {
  const figures = parseFigures(text);
  return figures && { hostname: figures.hostname, pid: figures.pid };
}
