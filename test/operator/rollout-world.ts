/** A world in which a fleet of three is changed, and what is looked at meanwhile. */
import assert from 'node:assert/strict';
import type { InstanceReport } from '../../common/admin-api.ts';
import { pods, statefulSets, type Pod } from '../../operator/kube/resources.ts';
import type { Wish } from './sample.ts';
import { World } from './world.ts';

/** The image of the change. */
export const next = 'lingua-scheduler:next';
export const canary = { rollout: { canary: { soakSeconds: 600 } } };

export class RolloutWorld extends World {
  /** Instances that have not finished draining. */
  readonly busy = new Set<string>();
  override drains = (name: string): boolean => !this.busy.has(name);

  static async begin(): Promise<RolloutWorld> {
    const world = new RolloutWorld();
    await world.start();
    return world;
  }

  override async settled(wish: Wish = {}): Promise<void> {
    await super.settled({ replicas: 3, ...wish });
    this.events.length = 0;
  }

  change(): void {
    this.edit((spec) => (spec.image = next));
  }

  pod(name: string): Pod | undefined {
    return this.kube.peek(pods, { namespace: 'default', name });
  }

  isNew(name: string): boolean {
    return this.pod(name)?.spec!.containers[0]!.image === next;
  }

  /** The instances that run the change. */
  changed(): string[] {
    const names = this.kube.all(pods).map(({ metadata }) => metadata.name);
    return names.filter((name) => this.isNew(name)).sort();
  }

  partition(): number | undefined {
    const set = this.kube.peek(statefulSets, { namespace: 'default', name: 'demo' });
    return set!.spec!.updateStrategy!.rollingUpdate!.partition;
  }

  revision(): string {
    return this.cluster().status!.rollout!.revision;
  }

  /** What events of a reason say. */
  notes(reason: string): string[] {
    return this.events.filter((event) => event.reason === reason).map(({ note }) => note);
  }

  /** So much time, with everybody doing what they do every five seconds. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 5) {
      await this.clock.advance(5_000);
      await this.look();
      this.controller.step();
    }
  }

  /** Until the first instance runs the change and is ready. */
  async untilSoaking(): Promise<void> {
    for (let round = 0; round < 40 && this.says('Progressing') !== 'True CanarySoaking'; round += 1)
      await this.pass(5);
    assert.equal(this.says('Progressing'), 'True CanarySoaking');
  }

  /** Until the first instance has run the change and gone over a limit. */
  async untilFailed(report: Partial<InstanceReport>): Promise<void> {
    await this.untilSoaking();
    this.reportFrom('demo-2', report);
    await this.pass(120);
  }

  reportFrom(name: string, report: Partial<InstanceReport>): void {
    this.report = (asked) => (asked === name && this.isNew(name) ? report : {});
  }
}
