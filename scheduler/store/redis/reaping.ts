/** What a living instance does with the lease and the keys of a dead one. */
import type { InstanceStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { formatToken } from './lease-token.ts';
import { instanceRetireScript } from './scripts/instance-retire.ts';
import { reapingBeginScript } from './scripts/reaping-begin.ts';

/** @param list puts an instance on the list of those that claimed */
export function createReaping(
  keys: Keys,
  commands: RedisConnection,
  list: (instanceId: string) => Promise<unknown>,
): Pick<InstanceStore, 'beginReaping' | 'retire'> {
  return {
    async beginReaping(deadInstanceId, reaper, ttlMs) {
      if (deadInstanceId === reaper.instanceId) return false;
      const lease = [keys.lease(deadInstanceId)];
      return (await commands.run(reapingBeginScript, lease, [formatToken(reaper), ttlMs])) === 1;
    },

    async retire(deadInstanceId, reaper, deadLettersMs) {
      if (deadInstanceId === reaper.instanceId) return false;
      const scriptKeys = [keys.lease, keys.inbox, keys.deadLetters, keys.figures].map((key) =>
        key(deadInstanceId),
      );
      const args = [formatToken(reaper), deadLettersMs];
      if ((await commands.run(instanceRetireScript, scriptKeys, args)) !== 1) return false;
      await Promise.all([
        commands.command('SREM', [keys.instances, deadInstanceId]),
        commands.command('DEL', [keys.presence(deadInstanceId)]),
      ]);
      // One that came back meanwhile is listed again; its presence it renews by itself.
      if ((await commands.command('EXISTS', [keys.lease(deadInstanceId)])) === 1) await list(deadInstanceId);
      return true;
    },
  };
}
