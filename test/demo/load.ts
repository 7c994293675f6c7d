/** One Node, one Session, and utterances of realistic size between them. */
import { NodeClient } from '../support/node-client.ts';
import { SessionClient } from '../support/session-client.ts';

/** Three seconds of 16 kHz PCM16 speech, and about as much synthesised speech back. */
const audio = 'speech'.repeat(16_000);
const ttsAudio = Buffer.from(audio).toString('base64');

/** As many utterances as the node has slots are under way at a time. */
const inFlight = 4;

export interface LoadResult {
  readonly answered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Pair {
  readonly node: NodeClient;
  readonly session: SessionClient;
  close(): Promise<void>;
}

export async function connectPair(nodeUrl: string, sessionUrl: string): Promise<Pair> {
  const node = await NodeClient.ready(nodeUrl, {
    slots: inFlight,
    answer: (_job, result) => ({ ...result, tts_audio: ttsAudio }),
  });
  const session = await SessionClient.open(sessionUrl);
  return {
    node,
    session,
    async close() {
      await session.close();
      await node.close();
    },
  };
}

/** Sends `jobs` utterances and waits for every answer; `onAnswer` is told how many have come. */
export async function translate(
  session: SessionClient,
  jobs: number,
  onAnswer: (answered: number) => void,
): Promise<LoadResult> {
  const tookMs: number[] = [];
  let next = 0;
  const speaker = async () => {
    while (next < jobs) {
      const index = next++;
      const said = performance.now();
      session.say({ index, audio: `${String(index)}:${audio}` });
      await session.result(index, 30_000);
      tookMs.push(performance.now() - said);
      onAnswer(tookMs.length);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, speaker));
  tookMs.sort((a, b) => a - b);
  return { answered: tookMs.length, p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
