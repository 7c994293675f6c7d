/**
 * Events on the user's object. Their reasons are API as those of conditions are: people read and alert on them, so a name keeps
 * its meaning for ever.
 */
import type { ConditionType } from './conditions.ts';

export type EventType = 'Normal' | 'Warning';

interface EventKind {
  readonly type: EventType;
  readonly action: string;
}

/** What is told besides conditions that turn. */
export const eventKinds = {
  Created: { type: 'Normal', action: 'Create' },
  Updated: { type: 'Normal', action: 'Update' },
  DriftHealed: { type: 'Normal', action: 'Update' },
  Deleted: { type: 'Normal', action: 'Delete' },
  Scaled: { type: 'Normal', action: 'Scale' },
  Draining: { type: 'Normal', action: 'Drain' },
  DrainTimedOut: { type: 'Warning', action: 'Drain' },
  Replaced: { type: 'Normal', action: 'Replace' },
  RolloutStarted: { type: 'Normal', action: 'Update' },
  Restarting: { type: 'Normal', action: 'Update' },
  CanaryPassed: { type: 'Normal', action: 'Update' },
  CanaryFailed: { type: 'Warning', action: 'Update' },
  CredentialsRotated: { type: 'Normal', action: 'Observe' },
} as const satisfies Record<string, EventKind>;
export type EventReason = keyof typeof eventKinds;

/** The side of each condition that a person should hear of, in an event with the reason of the condition. */
export const turnsTold: readonly (readonly [ConditionType, 'True' | 'False', EventType])[] = [
  ['Ready', 'True', 'Normal'],
  ['Degraded', 'True', 'Warning'],
  ['ConfigValid', 'False', 'Warning'],
  ['RedisReachable', 'False', 'Warning'],
  ['RoutingVerified', 'False', 'Warning'],
];
