/** Works on Redis 7.0: no command of ours is younger, and the rights that the design names are those commands. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { documentedRights } from '../support/redis-rights.ts';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';

const root = path.resolve(import.meta.dirname, '../..');
const directory = path.join(root, 'scheduler/store/redis');

/** What ioredis asks for by itself: names, whether the server or the cluster is ready, and where slots are. */
const ofTheClient = ['client|setname', 'info', 'cluster|info', 'cluster|slots', 'ping'];

/** Commands in scripts and beside them, in lower case. */
function commandsUsed(): string[] {
  const used = new Set(['evalsha', 'eval', 'wait', 'time', ...ofTheClient]);
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
    const source = readFileSync(path.join(directory, name), 'utf8');
    const calls = /(?:redis\.p?call|\.command|onAlias|ask)\(\s*'([A-Z]+)'/g;
    for (const [, command = ''] of source.matchAll(calls)) used.add(command.toLowerCase());
  }
  return [...used].sort();
}

describe('the commands we use', () => {
  let server: RedisServer;
  let cli: Redis;

  before(async () => {
    server = await startRedis();
    cli = connect(server.port);
  });
  after(async () => {
    cli.disconnect();
    await server.stop();
  });

  it('are found', () => {
    const used = commandsUsed();
    for (const command of ['mget', 'xautoclaim', 'xreadgroup', 'zscan', 'smembers']) {
      assert.ok(used.includes(command), command);
    }
  });

  it('were all there in Redis 7.0, by what Redis says of itself', async () => {
    for (const command of commandsUsed()) {
      const [, facts] = (await cli.call('COMMAND', 'DOCS', command)) as [string, string[]];
      const since = String(facts[facts.indexOf('since') + 1]);
      const [major = 99, minor = 99] = since.split('.').map(Number);
      assert.ok(major < 7 || (major === 7 && minor === 0), `${command} since ${since}`);
    }
  });

  it('are the rights that the design names, and no others', () => {
    assert.deepEqual(
      documentedRights().sort(),
      commandsUsed()
        .map((command) => `+${command}`)
        .sort(),
    );
  });
});
