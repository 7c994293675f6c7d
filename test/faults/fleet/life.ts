/**
 * A stretch of life in a fleet: sessions that speak, nodes that work, and in the end the question whether all of it was
 * right. What goes wrong meanwhile is the caller's affair.
 */
import { judge, type Judgement, type Limits } from '../checker.ts';
import type { SeededRandom } from '../random.ts';
import { comesTrue, until } from '../wait.ts';
import { settle, writeBooks, type Injected } from './books.ts';
import { FakeNode, type FakeNodeOptions } from './fake-node.ts';
import { FakeSession } from './fake-session.ts';
import type { Fleet } from './fleet.ts';
import { scaledLimits } from './settings.ts';

export interface LifePlan {
  /** The place of the instance each session prefers. */
  readonly sessions: readonly number[];
  readonly nodes: readonly NodePlan[];
  /** What each session says after the warm-up, and how often. */
  readonly utterances: number;
  readonly everyMs: number;
  readonly audioBytes?: number;
  /** Draws of actors follow from the fleet's seed and this name, whatever ran before. */
  readonly name?: string;
}

export interface NodePlan extends Partial<Pick<FakeNodeOptions, 'conduct' | 'lateMs' | 'workMs'>> {
  readonly place: number;
  readonly slots: number;
}

/** Session at the first instance, node at the second, the third idle. */
export const oneLife: LifePlan = {
  sessions: [0, 0],
  nodes: [{ place: 1, slots: 2 }],
  utterances: 14,
  everyMs: 60,
};

/** At the shipped times a node is ready after the next look at all nodes. */
const readyWithinMs = 90_000;
/** How many times as long as planned sessions speak when what they wait for does not happen. */
const longestLoad = 10;
const crowdPatienceMs = 15_000;
let lives = 0;

export class Life {
  readonly fleet: Fleet;
  readonly plan: LifePlan;
  readonly sessions: FakeSession[] = [];
  readonly nodes: FakeNode[];
  readonly #random: SeededRandom;
  readonly #number: number;
  #loading = false;

  private constructor(fleet: Fleet, plan: LifePlan) {
    lives += 1;
    this.#number = lives;
    this.#random = fleet.random.fork(plan.name ?? 'life');
    this.fleet = fleet;
    this.plan = plan;
    this.nodes = plan.nodes.map((node, i) => this.#hire(node, `node-${this.#number}-${i}`));
    for (const place of plan.sessions) this.join(place);
  }

  /** Everybody connected, and one utterance of each session through. */
  static async begin(fleet: Fleet, plan: LifePlan = oneLife): Promise<Life> {
    fleet.newHistory();
    const life = new Life(fleet, plan);
    try {
      await life.#warmUp();
      return life;
    } catch (error) {
      await life.end();
      throw error;
    }
  }

  /**
   * One more session; it speaks with the others once it is open. Where there are thousands the proxies would be in their
   * way, and they are patient: all of them live in one process, which is late for each because of the others.
   */
  join(place: number, { pastProxies = false } = {}): FakeSession {
    const { clock, history } = this.fleet;
    const name = `session-${this.#number}-${this.sessions.length}`;
    const { audioBytes } = this.plan;
    const session = new FakeSession({
      ...{ name, history, clock, random: this.#random.fork(name) },
      addresses: () => this.fleet.addressesFrom(place, { pastProxies }),
      ...(audioBytes === undefined ? {} : { audioBytes }),
      ...(pastProxies ? { patienceMs: crowdPatienceMs } : {}),
    });
    this.sessions.push(session);
    return session;
  }

  /** Whether sessions are still speaking: a fault that strikes later strikes nothing. */
  get loading(): boolean {
    return this.#loading;
  }

  /**
   * Sessions speak at their own pace, heard or not: as often as planned, and on until what they wait for has happened and
   * half as much was said after it. Where everything is slow that takes longer.
   */
  async load(happened: () => boolean = () => true): Promise<void> {
    const { utterances, everyMs } = this.plan;
    this.#loading = true;
    let planned = utterances;
    for (let said = 1; said <= planned; said++) {
      for (const session of this.sessions) session.speak();
      await this.fleet.clock.sleep(everyMs);
      if (!happened()) planned = Math.max(planned, Math.min(said + utterances / 2, longestLoad * utterances));
    }
    this.#loading = false;
  }

  /** Until everything that was said is answered or refused; false when that does not come true. */
  answered(withinMs: number): Promise<boolean> {
    const { clock } = this.fleet;
    return comesTrue(() => this.sessions.every(({ unanswered }) => unanswered === 0), {
      clock,
      withinMs,
      everyMs: 50,
    });
  }

  /** Quiet, counted and judged. */
  async judge(limits: Limits = scaledLimits, injected: Injected = {}): Promise<Judgement> {
    await this.answered(limits.boundMs);
    const figures = await settle(this.fleet, limits.boundMs, injected);
    await writeBooks(this.fleet, figures);
    return judge(this.fleet.history.events, limits);
  }

  async end(): Promise<void> {
    await Promise.all([
      ...this.sessions.map((session) => session.end()),
      ...this.nodes.map((node) => node.end()),
    ]);
  }

  #hire({ place, ...node }: NodePlan, nodeId: string): FakeNode {
    const { clock, history } = this.fleet;
    const addresses = () => this.fleet.addressesFrom(place);
    const random = this.#random.fork(nodeId);
    return new FakeNode({ workMs: [5, 70], ...node, nodeId, addresses, history, clock, random });
  }

  async #warmUp(): Promise<void> {
    const { clock } = this.fleet;
    const within = { clock, withinMs: readyWithinMs };
    await until('nodes are ready', () => this.#areAtTheirPlaces(this.nodes, this.plan.nodes), within);
    const sessions = this.plan.sessions.map((place) => ({ place }));
    await until('sessions are open', () => this.#areAtTheirPlaces(this.sessions, sessions), within);
    if (this.plan.nodes.length === 0) return;
    for (const session of this.sessions) session.speak();
    await until('a first answer', () => this.sessions.every(({ unanswered }) => unanswered === 0), within);
  }
  /**
   * On a machine that stands still an instance may lose its lease, and who was there goes elsewhere. What is planned for
   * an instance would then never happen there, so they are sent back.
   */
  #areAtTheirPlaces(
    people: readonly (FakeNode | FakeSession)[],
    plan: readonly { readonly place: number }[],
  ): boolean {
    const places = plan.map(({ place }) => this.fleet.addressesFrom(place)[0]);
    const astray = people.filter(({ ready, line }, i) => ready && line.address !== places[i]);
    for (const { line } of astray) line.drop();
    return astray.length === 0 && people.every(({ ready }) => ready);
  }
}
