/**
 * Follows credentials that stand in files. What they say anew is tried on a connection of its own; when Redis takes it, the
 * standing connections log in with it too, so that the former password is of no use to us any more. When Redis refuses it they
 * stay as they are, and the refusal is told.
 */
import { Redis } from 'ioredis';
import type { Logins, LoginState } from '../store.ts';
import { addressesOf } from './address.ts';
import { defaultCommandTimeoutMs } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { contentsOf, credentialFiles, type Credentials } from './credentials.ts';
import { redisFailure } from './failure.ts';
import type { RedisStoreOptions } from './options.ts';

/** What was refused is tried again so often: somebody may add the password to Redis only now. */
const againMs = 5_000;

type Contents = readonly (Buffer | undefined)[];

/** Undefined when nothing stands in files. */
export function followLogins(
  options: RedisStoreOptions,
  connections: readonly RedisConnection[],
): Logins | undefined {
  const { files = {}, clock, log } = options;
  if (Object.values(files).every((path) => path === undefined)) return undefined;
  let used: Contents = contentsOf(files) ?? [];
  let refused: { contents: Contents; why: string; atMs: number } | undefined;
  let looking = false;

  async function look(): Promise<void> {
    const now = contentsOf(files);
    if (!now) return;
    if (same(now, used)) refused = undefined;
    else if (!refused || !same(now, refused.contents) || clock.monotonic() - refused.atMs >= againMs)
      await follow(now);
  }

  async function follow(now: Contents): Promise<void> {
    const credentials = credentialFiles(options)();
    const verdict = await tried(options, credentials);
    if (verdict === 'away') return;
    if (verdict !== 'taken') {
      if (refused?.why !== verdict) log.error({ reason: verdict }, 'Redis refuses the new credentials');
      refused = { contents: now, why: verdict, atMs: clock.monotonic() };
      return;
    }
    await Promise.all(connections.map((connection) => connection.logIn(credentials)));
    [used, refused] = [now, undefined];
    log.info('the new credentials for Redis are in use');
  }

  return {
    async look() {
      if (looking) return;
      looking = true;
      await look().finally(() => (looking = false));
    },
    get state(): LoginState {
      return { files: used, refused: refused?.why ?? null };
    },
  };
}

const same = (a: Contents, b: Contents): boolean =>
  a.length === b.length &&
  a.every((content, index) => {
    const other = b[index];
    return content === undefined || other === undefined ? content === other : content.equals(other);
  });

/** `taken`, `away` when no server answers, or why Redis refuses them. */
async function tried(options: RedisStoreOptions, credentials: Credentials): Promise<string> {
  for (const address of addressesOf(options)) {
    const client = new Redis({
      ...address,
      ...credentials,
      connectionName: 'lingua-login',
      connectTimeout: options.commandTimeoutMs ?? defaultCommandTimeoutMs,
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: null,
    });
    let said: Error | undefined;
    client.on('error', (error: Error) => (said = error));
    try {
      await client.connect();
      await client.call('EXISTS', options.keyPrefix);
      return 'taken';
    } catch (error) {
      const { message, facts } = redisFailure(said ?? error, 'login');
      const code = facts['redis'];
      // It knows us, and says where the key is, or that this user may not ask for it.
      if (code === 'MOVED' || code === 'NOPERM') return 'taken';
      if (code === 'WRONGPASS' || code === 'NOAUTH' || /certificate|\bTLS\b|\bSSL\b/i.test(message))
        return message;
    } finally {
      client.disconnect();
    }
  }
  return 'away';
}
