/**
 * The learning run: one life without faults, small utterances and large ones, to see that each step's mark occurs. It
 * must also be without violations, or every later verdict would mean nothing.
 */
import { describeViolation } from '../checker.ts';
import { Fleet } from '../fleet/fleet.ts';
import { Life, oneLife } from '../fleet/life.ts';
import { matchesCommand } from '../resp-rules.ts';
import { matchesMessage } from '../ws-rules.ts';
import { steps, type Step } from './steps.ts';

export interface LearningOptions {
  readonly redis: 'single' | 'cluster';
  readonly seed: number;
  /** Answers wait for a replica, and so there is one step more. */
  readonly replicated: boolean;
}

export interface Learnt {
  /** The steps whose mark never occurred. */
  readonly silent: readonly Step[];
  /** Still up, and unharmed. */
  readonly fleet: Fleet;
}

/** @throws Error when the life was not flawless */
export async function learn({ redis, seed, replicated }: LearningOptions): Promise<Learnt> {
  const expected = steps.filter((step) => replicated || !step.replicated);
  const seen = new Set<Step>();
  const see = (instance: string, fits: (step: Step) => boolean) => {
    for (const step of expected) if (instance === `fault-${step.at}` && fits(step)) seen.add(step);
  };
  const fleet = await Fleet.start({
    redis,
    seed,
    replicated,
    onCommand: (instance, command) => {
      see(instance, ({ mark }) => mark.by === 'redis' && matchesCommand(mark.match, command));
    },
    onMessage: (instance, message) => {
      see(instance, ({ mark }) => mark.by === 'socket' && matchesMessage(mark.match, message));
    },
  });
  try {
    await liveWithoutFault(fleet, {});
    await liveWithoutFault(fleet, { audioBytes: 20_000 });
    return { silent: expected.filter((step) => !seen.has(step)), fleet };
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

async function liveWithoutFault(fleet: Fleet, more: { audioBytes?: number }): Promise<void> {
  const life = await Life.begin(fleet, { ...oneLife, ...more, utterances: 24 });
  try {
    await life.load();
    const { violations, seen } = await life.judge();
    if (seen.answered !== seen.submitted || seen.accepted !== seen.submitted) {
      const { submitted, accepted, answered } = seen;
      throw new Error(
        `without any fault, of ${submitted} ${accepted} were accepted, ${answered} were answered with a result`,
      );
    }
    if (violations.length > 0) {
      throw new Error(`without any fault:\n${violations.slice(0, 5).map(describeViolation).join('\n')}`);
    }
  } finally {
    await life.end();
  }
}
