import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../common/clock-system.ts';
import { FakeRandom } from '../../test/fakes/clock.ts';
import { connectAs, type KubeClient } from './http-client.ts';
import { podLogin } from './pod-login.ts';
import { pods } from './resources.ts';

describe('a pod', () => {
  let directory: string;
  let server: Server;
  let client: KubeClient | undefined;
  let seen: (string | undefined)[];
  let skewMs: number;
  const write = (name: string, content: string) => {
    writeFileSync(path.join(directory, name), content);
  };
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skewMs };
  const login = (environment: Record<string, string> = {}) => {
    const { port } = server.address() as AddressInfo;
    const given = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) };
    return podLogin({ ...given, ...environment }, clock, directory);
  };
  const ask = async () => {
    client ??= connectAs({
      ...{ login: login()!, fieldManager: 'tester', userAgent: 'lingua-test', requestTimeoutMs: 20_000 },
      clock: { ...clock, sleep: () => Promise.resolve() },
      random: new FakeRandom(),
    });
    await client.get(pods, { namespace: 'ns', name: 'p' });
  };

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'pod-login-'));
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const [key, crt] = ['server.key', 'ca.crt'].map((name) => path.join(directory, name)) as [string, string];
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', crt], {
      stdio: 'ignore',
    });
    write('token', 'first\n');
    write('namespace', 'lingua-system');
    seen = [];
    skewMs = 0;
    server = createServer({ key: readFileSync(key), cert: readFileSync(crt) }, (request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  it('shows the token of its account, and the new one when that was renewed', async () => {
    await ask();
    write('token', 'second');
    skewMs = 11_000;
    await ask();
    assert.deepEqual(seen, ['Bearer first', 'Bearer second']);
  });

  it('knows its namespace', () => {
    assert.equal(login()!.namespace, 'lingua-system');
  });

  it('trusts the authority of its account and no other', async () => {
    write('ca.crt', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
    await assert.rejects(ask(), { code: 'unavailable' });
    assert.deepEqual(seen, []);
  });

  it('whose token is away asks for nothing, and says so', async () => {
    rmSync(path.join(directory, 'token'));
    await assert.rejects(ask(), /no token or no ca\.crt/);
  });

  it('is told from a process that is none', () => {
    assert.equal(login({ KUBERNETES_SERVICE_HOST: '' }), undefined);
    rmSync(path.join(directory, 'namespace'));
    assert.equal(login(), undefined);
  });

  it('may have a server with an address of version 6', () => {
    assert.equal(
      login({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' })!.server.host,
      '[fd00::1]',
    );
  });
});
