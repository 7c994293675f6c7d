/** TLS, a user with few rights, and secrets in files that change: as Redis is run where it matters. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import type { RedisStoreOptions } from '../../scheduler/store/redis/options.ts';
import { documentedRights } from '../support/redis-rights.ts';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import { openSession, until } from './harness.ts';
import { again } from './redis-fixture.ts';
import { commandTimeoutMs, redisHarness, storeOptions } from './redis-harness.ts';
import { storeContract } from './store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-tls-'));
const file = (name: string) => path.join(directory, name);
let server: RedisServer;
let raw: Redis;
let tlsPort: number;

before(async () => {
  makeCertificates();
  tlsPort = await freePort();
  const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
  const files = ['--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key')];
  server = await startRedis({ args: [...tls, ...files, '--tls-ca-cert-file', file('ca.crt')] });
  raw = connect(server.port);
  await raw.call(
    'ACL',
    'SETUSER',
    'lingua',
    'reset',
    'on',
    '>first-secret',
    '~test-*',
    ...documentedRights(),
  );
  await raw.call('ACL', 'SETUSER', 'other', 'reset', 'on', '>other-secret', '~other-*', '+@all');
});

after(async () => {
  raw.disconnect();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** An authority, and a certificate by it for this machine only. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', ...key, '-subj', '/CN=redis', '-keyout', 'server.key', '-out', 'server.csr');
  writeFileSync(file('names.cnf'), 'subjectAltName=IP:127.0.0.1\n');
  const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names.cnf', '-days', '2'];
  openssl('x509', '-req', '-in', 'server.csr', ...by, '-out', 'server.crt');
}

function openHarness(changes: Partial<RedisStoreOptions> = {}, credentials = '') {
  const url = `rediss://${credentials}127.0.0.1:${String(tlsPort)}`;
  return redisHarness(raw, storeOptions({ mode: 'single', url }, { commandTimeoutMs: 3000, ...changes }));
}

const authorities = file('ca.crt');

storeContract('a Redis behind TLS, as a user with few rights', (inbox) =>
  Promise.resolve(
    openHarness({ ...inbox, commandTimeoutMs, files: { authorities } }, 'lingua:first-secret@'),
  ),
);

describe('a Redis behind TLS', () => {
  it('is not trusted without its authority', async () => {
    const harness = openHarness({}, 'lingua:first-secret@');
    await assert.rejects(harness.store.ping(), { code: 'unavailable', message: /certificate/ });
    await harness.dispose();
  });

  it('is not asked without TLS when an authority is named', () => {
    const url = server.url;
    const where = { mode: 'single', url } as const;
    assert.throws(() => redisHarness(raw, storeOptions(where, { files: { authorities } })), {
      code: 'config',
      message: /rediss:/,
    });
  });

  it('refuses what another user may see only', async () => {
    const harness = openHarness({ files: { authorities } }, 'other:other-secret@');
    await assert.rejects(openSession(harness.store, 's-1'), { code: 'unavailable', message: /denies/ });
    await harness.dispose();
  });

  it('is talked to as the user of the files, whatever the URL says, and as the next one after a change', async () => {
    writeFileSync(file('username'), 'lingua\n');
    writeFileSync(file('password'), 'first-secret\n');
    const files = { authorities, username: file('username'), password: file('password') };
    const harness = openHarness({ files }, 'nobody:wrong@');
    const { store } = harness;
    try {
      assert.equal(await openSession(store, 's-1'), 1);
      await raw.call('ACL', 'SETUSER', 'lingua', 'resetpass', '>second-secret');
      writeFileSync(file('password'), 'second-secret');
      await raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
      assert.equal(await again(harness, () => openSession(store, 's-2')), 1);

      // The file lags behind, as one in a pod does: it is looked at until it is right.
      await raw.call('ACL', 'SETUSER', 'lingua', 'resetpass', '>third-secret');
      await raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
      await until(harness, 'a refusal', () =>
        store.ping().then(
          () => false,
          () => true,
        ),
      );
      writeFileSync(file('password'), 'third-secret');
      assert.equal(await again(harness, () => openSession(store, 's-3')), 1);
    } finally {
      await harness.dispose();
      await raw.call('ACL', 'SETUSER', 'lingua', 'resetpass', '>first-secret');
    }
  });

  it('keeps the last credentials when a file goes away, and names a file that was never there', async () => {
    writeFileSync(file('secret'), 'first-secret');
    const files = { authorities, password: file('secret') };
    const harness = openHarness({ files }, 'lingua@');
    assert.equal(await openSession(harness.store, 's-1'), 1);
    rmSync(file('secret'));
    await raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
    assert.equal(await again(harness, () => openSession(harness.store, 's-2')), 1);
    await harness.dispose();
    assert.throws(() => openHarness({ files }), { code: 'config', message: /secret/ });
  });
});

describe('credentials in files that change while connections stand', () => {
  const files = { authorities: file('trust.crt'), username: file('user'), password: file('word') };
  let harness: ReturnType<typeof openHarness>;
  before(async () => {
    writeFileSync(files.username, 'lingua');
    writeFileSync(files.password, 'first-secret');
    copyFileSync(file('ca.crt'), files.authorities);
    harness = openHarness({ files });
    await harness.store.ping();
  });
  after(async () => {
    await harness.dispose();
    await raw.call('ACL', 'SETUSER', 'lingua', 'resetpass', '>first-secret');
  });

  const said = () =>
    harness.store.logins!.state.files.map((content) => content && Buffer.from(content).toString());
  const asUser = async (name: string): Promise<number> =>
    String(await raw.call('CLIENT', 'LIST'))
      .split('\n')
      .filter((line) => line.includes(`user=${name} `)).length;

  it('are refused before Redis knows them, and nothing that stands is touched', async () => {
    const before = await asUser('lingua');
    writeFileSync(files.password, 'second-secret');
    await harness.store.logins!.look();
    assert.match(harness.store.logins!.state.refused ?? '', /refused the credentials/);
    assert.equal(said()[1], 'first-secret');
    await harness.store.ping();
    assert.equal(await asUser('lingua'), before);
  });

  it('are used by all that stands as soon as Redis takes them', async () => {
    await raw.call(
      'ACL',
      'SETUSER',
      'next',
      'reset',
      'on',
      '>second-secret',
      '~test-*',
      ...documentedRights(),
    );
    writeFileSync(files.username, 'next');
    await harness.store.logins!.look();
    assert.deepEqual(said().slice(0, 2), ['next', 'second-secret']);
    assert.equal(harness.store.logins!.state.refused, null);
    await until(harness, 'nobody is the former user', async () => (await asUser('lingua')) === 0);
    // The former one may go, and with it would go every connection that still is that user.
    await raw.call('ACL', 'SETUSER', 'lingua', 'off');
    assert.equal(await openSession(harness.store, 's-rotated'), 1);
    await raw.call('ACL', 'SETUSER', 'lingua', 'on');
  });

  it('are refused when the authority is another than the server has', async () => {
    writeFileSync(files.authorities, rootCertificates[0] ?? '');
    await harness.store.logins!.look();
    assert.match(harness.store.logins!.state.refused ?? '', /certificate/);
    await harness.store.ping();
    copyFileSync(file('ca.crt'), files.authorities);
    await harness.store.logins!.look();
    assert.equal(harness.store.logins!.state.refused, null);
  });
});

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
