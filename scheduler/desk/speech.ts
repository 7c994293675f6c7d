/**
 * Streamed audio of one session on its way to utterances. What is not an utterance yet is only here: it is lost with the
 * session's connection.
 */
import type { Clock } from '../../common/clock.ts';
import {
  Segmentation,
  type CutReason,
  type Segment,
  type SegmentationLimits,
} from '../decide/segmentation.ts';
import type { AudioChunk } from '../protocol/session-messages.ts';

/** The only format there is for streamed audio. */
export const speechFormat = { audio_format: 'pcm16', sample_rate: 16_000 } as const;

interface SpeechDeps {
  readonly clock: Clock;
  readonly limits: SegmentationLimits;
  /** An utterance is complete; resolves when it is taken on or refused. */
  readonly onUtterance: (audio: string, reason: CutReason) => Promise<void>;
  /** One that a pause completed failed, which nobody waits for. */
  readonly onFailure: (error: unknown) => void;
}

export class Speech {
  readonly #deps: SpeechDeps;
  readonly #segmentation: Segmentation<Buffer>;
  #cancelTimer: () => void = () => undefined;

  constructor(deps: SpeechDeps) {
    this.#deps = deps;
    this.#segmentation = new Segmentation(deps.limits);
  }

  /** Resolves when everything that the chunk completed is taken on or refused. */
  chunk({ payload, is_final: isFinal }: AudioChunk): Promise<void> {
    const part = payload === undefined ? undefined : Buffer.from(payload, 'base64');
    const complete = this.#segmentation.chunk(part, isFinal, this.#deps.clock.monotonic());
    this.#watch();
    return this.#emit(complete);
  }

  /** Nobody speaks any more; what was not finished is dropped. */
  stop(): void {
    this.#cancelTimer();
  }

  #watch(): void {
    this.#cancelTimer();
    const { clock, onFailure } = this.#deps;
    const pauseAtMs = this.#segmentation.pauseAtMs();
    if (pauseAtMs === undefined) return;
    this.#cancelTimer = clock.after(Math.max(0, pauseAtMs - clock.monotonic()), () => {
      this.#emit(this.#segmentation.paused(clock.monotonic())).catch(onFailure);
      this.#watch();
    });
  }

  async #emit(segments: readonly Segment<Buffer>[]): Promise<void> {
    const { onUtterance } = this.#deps;
    await Promise.all(
      segments.map(({ parts, reason }) => onUtterance(Buffer.concat(parts).toString('base64'), reason)),
    );
  }
}
