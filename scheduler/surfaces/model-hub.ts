/**
 * The catalogue of services that a Model Hub offers, for the statistics. Nothing depends on it: while the hub is away the
 * last answer stands, or the file that the hub leaves in `storage_path`, or nothing.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Agent, request } from 'undici';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import type { CatalogueService } from './stats.ts';

export interface ModelHub {
  readonly services: readonly CatalogueService[];
  /** Failed reads in a row. */
  readonly failures: number;
  /** Null: it never answered. */
  readonly lastSuccessAgeSeconds: number | null;
}

interface HubDeps {
  readonly baseUrl: string;
  /** Where the hub keeps `services_index.json`. */
  readonly storagePath: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const everyMs = 30_000;
const backOffMaxMs = 300_000;
const patienceMs = 5000;
const answerMaxBytes = 4 * 1024 * 1024;
const fallbackFile = 'services_index.json';

const text = z.string().max(2048);
const Service = z.object({
  service_id: text.min(1),
  name: text.catch(''),
  latest_version: text.catch(''),
  variants: z.array(z.unknown()).max(1000).catch([]),
});
const Catalogue = z.union([
  z.array(z.unknown()).max(10_000),
  z.object({ services: z.array(z.unknown()).max(10_000) }).transform(({ services }) => services),
]);

/** Returns a function that tells the newest catalogue. Goes on asking until the signal aborts. */
export function watchModelHub(deps: HubDeps, signal: AbortSignal): () => ModelHub {
  const { clock, log, storagePath } = deps;
  let services: readonly CatalogueService[] = [];
  let failures = 0;
  let succeededAtMs: number | undefined;
  const agent = new Agent({ connections: 1, headersTimeout: patienceMs, bodyTimeout: patienceMs });

  async function ask(): Promise<void> {
    try {
      services = servicesIn(JSON.parse(await answerOf(deps.baseUrl, agent, signal)));
      if (failures > 0) log.info({ services: services.length }, 'Model Hub answers again');
      failures = 0;
      succeededAtMs = clock.monotonic();
    } catch (error) {
      failures += 1;
      if (failures === 1 && !signal.aborted)
        log.warn({ reason: toAppError(error).message }, 'Model Hub does not answer; going on without it');
      if (succeededAtMs === undefined) services = (await readFallback(storagePath)) ?? services;
    }
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await ask();
      await clock.sleep(Math.min(backOffMaxMs, everyMs * 2 ** Math.min(failures, 10)), signal);
    }
    await agent.destroy();
  }

  void loop();
  return () => ({
    services,
    failures,
    lastSuccessAgeSeconds:
      succeededAtMs === undefined ? null : Math.round((clock.monotonic() - succeededAtMs) / 1000),
  });
}

/** Entries that say no id are left out; a hub of another version may say more. */
function servicesIn(value: unknown): CatalogueService[] {
  return Catalogue.parse(value).flatMap((entry) => {
    const { data } = Service.safeParse(entry);
    return data ? [data] : [];
  });
}

async function answerOf(baseUrl: string, agent: Agent, signal: AbortSignal): Promise<string> {
  const url = new URL('api/services', baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  const { statusCode, body } = await request(url, { dispatcher: agent, signal });
  let read = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    read += String(chunk);
    if (read.length > answerMaxBytes) throw new Error('the answer is too large');
  }
  if (statusCode !== 200) throw new Error(`it answers ${String(statusCode)}`);
  return read;
}

async function readFallback(storagePath: string): Promise<CatalogueService[] | undefined> {
  try {
    return servicesIn(JSON.parse(await readFile(path.join(storagePath, fallbackFile), 'utf8')));
  } catch {
    return undefined;
  }
}
