/** A small world: what an operator has around it, and our operator, look by look; it may die and start anew. */
import assert from 'node:assert/strict';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { schedulerClusters } from '../../operator/api/group.ts';
import { Instances } from '../../operator/instances/instances.ts';
import type { Kube } from '../../operator/kube/kube.ts';
import type { Occurrence } from '../../operator/kube/events.ts';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import { AdminTokens } from '../../operator/reconcile/admin-tokens.ts';
import { OwnWrites } from '../../operator/reconcile/own-writes.ts';
import { createReconciler, nextLookMs, type Outcome } from '../../operator/reconcile/reconcile.ts';
import { startWatches } from '../../operator/watches.ts';
import { FakeRandom, settle } from '../fakes/clock.ts';
import { sampleCluster, type Wish } from './sample.ts';
import { Surroundings } from './surroundings.ts';
import { untold } from './told.ts';

const log = pino({ level: 'silent' });

interface Operator {
  readonly look: (key: string) => Promise<Outcome>;
  readonly instances: Instances;
  readonly stop: () => void;
}

export class World extends Surroundings {
  readonly events: Occurrence[] = [];
  readonly outcomes = new Map<string, Outcome['kind']>();
  readonly registry = new Registry();
  readonly metrics = createOperatorMetrics(this.registry);
  /** Cancels the look that is due later, by key. */
  readonly #later = new Map<string, () => void>();
  /** Kinds of which the operator's caches hear nothing for now. */
  readonly frozen = new Set<string>();
  /** The operator ends after its look and starts anew. */
  wantsRestart = false;
  /** As the flag of that name says from the next start on. */
  runbookUrl: string | undefined;
  /** Keys that want a look. */
  readonly #keys = new Set<string>();
  #operator: Operator | undefined;
  #seed = 0;

  /** Starts the operator, or starts it anew with nothing remembered. */
  async start(): Promise<void> {
    this.stop();
    this.wantsRestart = false;
    const { kube, clock } = this;
    const random = new FakeRandom(++this.#seed);
    const ownWrites = new OwnWrites(clock);
    const wake = (key: string) => void this.#keys.add(key);
    const watches = startWatches({
      kube: this.#lateKube(),
      namespaces: [],
      wake,
      ownWrites,
      clock,
      random,
      log,
    });
    const instances = new Instances({ client: this.admin, clock, random, wake });
    const look = createReconciler({
      ...{ kube, ownWrites, instances, clock, random, log, runbookUrl: this.runbookUrl },
      adminTokens: new AdminTokens(clock),
      caches: watches.caches,
      events: { record: (occurrence) => void this.events.push(occurrence) },
      metrics: this.metrics,
    });
    const stop = () => {
      watches.stop();
      instances.stop();
    };
    this.#operator = { look, instances, stop };
    await watches.synced;
  }

  stop(): void {
    this.#operator?.stop();
    this.#operator = undefined;
    this.#keys.clear();
    for (const cancel of this.#later.values()) cancel();
  }

  /** Its end. Nothing may have happened in it that a real pod would not have survived. */
  end(): void {
    this.stop();
    assert.deepEqual(this.controller.complaints, [], 'a pod was started before its file was there');
  }

  /** There is the sample cluster with these wishes, and the operator has come to rest. */
  async settled(wish: Wish = {}): Promise<void> {
    this.put(sampleCluster(wish));
    await this.converge();
    this.kube.forget();
  }

  /** One look at every cluster that wants one; errors are what a queue would try again. */
  async look(): Promise<void> {
    await settle();
    const keys = [...this.#keys];
    this.#keys.clear();
    for (const key of keys) {
      try {
        const outcome = await this.#operator!.look(key);
        this.outcomes.set(key, outcome.kind);
        this.#lookLater(key, outcome);
      } catch {
        this.#keys.add(key);
      }
    }
    assert.deepEqual(untold(this.events, this.kube.all(schedulerClusters)), []);
  }

  #lookLater(key: string, outcome: Outcome): void {
    this.#later.get(key)?.();
    const inMs = nextLookMs(outcome);
    if (inMs === undefined) return;
    const wake = () => void this.#keys.add(key);
    this.#later.set(key, this.clock.after(inMs, wake));
  }

  /** Asks for a look at everything, as a resync does. */
  resync(): void {
    for (const { metadata } of this.kube.all(schedulerClusters))
      this.#keys.add(`${metadata.namespace!}/${metadata.name}`);
  }

  /** Lets operator, controller and time go on until nobody has anything to do. */
  async converge(rounds = 200): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.look();
      if (this.wantsRestart) await this.start();
      const acted = this.controller.step();
      await settle();
      if (acted || this.#keys.size > 0) continue;
      // Long enough for the next question to every instance.
      await this.clock.advance(7_000);
      if (this.#keys.size === 0) return;
    }
    throw new Error(`did not converge; last writes: ${this.kube.writes().slice(-10).join(', ')}`);
  }

  /** The API as the caches hear it: events of a frozen kind come after it was thawed. */
  #lateKube(): Pick<Kube, 'list' | 'watch'> {
    const { kube, frozen } = this;
    return {
      list: (resource, query) => kube.list(resource, query),
      async *watch(resource, query, signal) {
        for await (const event of kube.watch(resource, query, signal)) {
          while (frozen.has(resource.kind) && !signal.aborted) await new Promise(setImmediate);
          yield event;
        }
      },
    };
  }
}
