/**
 * Puts one fault point into a fleet: a rule at the instance that takes the step, and what happens to the victim when it
 * fires. Where the victim takes the step itself, the command or message in question is what is struck; another victim is
 * struck at that moment in whatever it is doing.
 */
import type { Fleet } from '../fleet/fleet.ts';
import type { Instance } from '../fleet/instance.ts';
import { scaled } from '../fleet/settings.ts';
import type { SeededRandom } from '../random.ts';
import { ArmedRespRule, type RespAction, type RespMoment } from '../resp-rules.ts';
import type { WsAction, WsMoment } from '../ws-rules.ts';
import type { FaultPoint, Kind, Moment } from './plan.ts';

export interface Strike {
  /** How often the rule has fired. */
  fired(): number;
  /** Resolves when the victim is whole again. */
  healed(): Promise<void>;
}

const freezeMs = 2 * scaled.ownerTtlMs;
const delayMs = 1000;
/** What a Redis that is in trouble says. */
const troubles = [
  'LOADING Redis is loading the dataset in memory',
  "READONLY You can't write against a read only replica.",
  'TRYAGAIN Multiple keys request during rehashing of slot',
  "OOM command not allowed when used memory > 'maxmemory'.",
  'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.',
] as const;

const respMoments: Record<Moment, RespMoment> = {
  before: 'before',
  'executed-not-answered': 'executed',
  after: 'replied',
};
const wsMoments: Record<Moment, WsMoment> = {
  before: 'before',
  'executed-not-answered': 'delivered',
  after: 'answered',
};

export interface Draw {
  /** Which of the step's occurrences from now on is struck, from 1. */
  readonly occurrence: number;
  readonly random: SeededRandom;
}

export function strike(fleet: Fleet, point: FaultPoint, { occurrence, random }: Draw): Strike {
  const blow = new Blow(fleet, point, random.pick(troubles));
  const { mark } = point.step;
  const performer = fleet.at(point.step.at);
  if (mark.by === 'redis') {
    const when = respMoments[point.moment];
    // One blow, at whichever master the step comes to.
    const armed = new ArmedRespRule({ match: mark.match, when, action: blow.redisAction(), occurrence });
    for (const proxy of performer.redis) proxy.inject(armed);
    return blow.watched(() => armed.fired);
  }
  const rule = { match: mark.match, when: wsMoments[point.moment], action: blow.socketAction(), occurrence };
  const armed = performer.sockets.inject(rule);
  return blow.watched(() => armed.fired);
}

class Blow {
  readonly #fleet: Fleet;
  readonly #point: FaultPoint;
  readonly #victim: Instance;
  readonly #trouble: string;
  #mended: Promise<void> = Promise.resolve();

  constructor(fleet: Fleet, point: FaultPoint, trouble: string) {
    this.#fleet = fleet;
    this.#point = point;
    this.#victim = fleet.at(point.victim);
    this.#trouble = trouble;
  }

  watched(fired: () => number): Strike {
    return {
      fired,
      healed: async () => {
        await this.#mended;
        await this.#victim.heal();
      },
    };
  }

  redisAction(): RespAction {
    const { kind } = this.#point;
    if (!this.#strikesItself()) return this.#hook();
    if (kind === 'reset') return { do: 'reset' };
    if (kind === 'delay') return { do: 'delay', ms: delayMs };
    if (kind === 'error') return { do: 'error', text: this.#trouble };
    return this.#hook();
  }

  socketAction(): WsAction {
    const { kind } = this.#point;
    if (!this.#strikesItself()) return this.#hook();
    if (kind === 'reset') return { do: 'reset' };
    if (kind === 'delay') return { do: 'delay', ms: delayMs };
    if (kind === 'error') return { do: 'garble' };
    return this.#hook();
  }

  #strikesItself(): boolean {
    return this.#point.victim === this.#point.step.at;
  }

  #hook() {
    return {
      do: 'hook',
      run: async () => {
        this.#fleet.noteFault(this.#point.id);
        const work = this.#effects[this.#point.kind]();
        this.#mended = work;
        // A frozen victim's own command waits with it, and arrives when it is a zombie.
        if (this.#point.kind === 'freeze' && this.#strikesItself()) await work;
        if (this.#point.kind === 'kill') await this.#killed;
        return this.#point.kind === 'kill' && this.#strikesItself() ? ('cut' as const) : ('go on' as const);
      },
    } as const;
  }

  #killed: Promise<void> = Promise.resolve();

  readonly #effects: Record<Kind, () => Promise<void>> = {
    kill: () => {
      this.#killed = this.#victim.kill();
      return this.#killed.then(() => this.#victim.restart());
    },
    freeze: () => this.#victim.freeze(freezeMs),
    reset: () => {
      for (const proxy of this.#victim.redis) proxy.resetAll();
      this.#victim.sockets.resetAll();
      return Promise.resolve();
    },
    delay: async () => {
      const lanes = this.#victim.redis.flatMap(({ toInstance, toRedis }) => [toInstance, toRedis]);
      for (const lane of lanes) lane.latencyMs = delayMs / 2;
      await this.#fleet.clock.sleep(delayMs);
      for (const lane of lanes) lane.latencyMs = 0;
    },
    error: () => {
      const action = { do: 'error', text: this.#trouble } as const;
      const next = new ArmedRespRule({ match: { command: '*' }, when: 'before', action });
      for (const proxy of this.#victim.redis) proxy.inject(next);
      return Promise.resolve();
    },
  };
}
