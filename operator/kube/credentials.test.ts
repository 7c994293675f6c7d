import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../common/clock-system.ts';
import { FakeRandom } from '../../test/fakes/clock.ts';
import { until } from '../../test/fakes/scripted-api.ts';
import { connect, type KubeClient } from './client.ts';
import { pods } from './resources.ts';

describe('credentials', () => {
  let directory: string;
  let server: Server;
  let client: KubeClient | undefined;
  let connections: number;
  let people: (string | undefined)[];
  let authorization: string | undefined;
  let skew: number;

  const file = (name: string) => path.join(directory, name);

  /** A self-signed certificate for 127.0.0.1, as `<name>.crt` and `<name>.key`. */
  const certificate = (name: string, commonName: string) => {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const subject = ['-subj', `/CN=${commonName}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'ignore' });
  };
  const identity = (name: string) => ({
    cert: readFileSync(file(`${name}.crt`)),
    key: readFileSync(file(`${name}.key`)),
  });
  const use = (from: string, as: string) => {
    for (const end of ['crt', 'key']) copyFileSync(file(`${from}.${end}`), file(`${as}.${end}`));
  };

  const open = (user: object): KubeClient => {
    const { port } = server.address() as AddressInfo;
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [
        {
          name: 'k',
          cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': file('ca.crt') },
        },
      ],
      users: [{ name: 'u', user }],
    };
    writeFileSync(file('config'), JSON.stringify(config));
    client = connect({
      kubeconfig: file('config'),
      fieldManager: 'tester',
      userAgent: 'lingua-test',
      requestTimeoutMs: 20_000,
      clock: {
        ...systemClock,
        monotonic: () => systemClock.monotonic() + skew,
        sleep: () => Promise.resolve(),
      },
      random: new FakeRandom(),
    });
    return client;
  };
  const ask = () => client?.get(pods, { namespace: 'ns', name: 'p' });

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'kube-credentials-'));
    connections = skew = 0;
    people = [];
    for (const name of ['first', 'second', 'me', 'me-again']) certificate(name, name);
    use('first', 'ca');
    use('me', 'client');
    server = createServer(
      { ...identity('first'), requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        people.push(commonNameOf(request.socket));
        authorization = request.headers.authorization;
        response.end('{}');
      },
    );
    server.on('secureConnection', () => connections++);
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

  const certificateUser = () => ({
    'client-certificate': file('client.crt'),
    'client-key': file('client.key'),
  });

  it('are few TLS connections for many requests, however often the files are read again', async () => {
    open(certificateUser());
    for (let i = 0; i < 30; i++) {
      await ask();
      skew += 11_000;
    }
    assert.ok(connections <= 2, `${connections} connections`);
    assert.equal(people.at(-1), 'me');
  });

  it('follow a new client certificate without a restart', async () => {
    open(certificateUser());
    await ask();
    use('me-again', 'client');
    await ask();
    skew = 11_000;
    await ask();
    assert.deepEqual(people, ['me', 'me', 'me-again']);
  });

  it('follow a new authority, and refuse the server until then', async () => {
    open(certificateUser());
    await ask();
    server.setSecureContext(identity('second'));
    server.closeAllConnections();
    await assert.rejects(async () => ask(), { code: 'unavailable' });
    use('second', 'ca');
    skew = 11_000;
    await ask();
    assert.equal(people.length, 2);
  });

  it('let a request in flight end on the connection it began on', async () => {
    const held: (() => void)[] = [];
    server.removeAllListeners('request');
    server.on('request', (_, response) => held.push(() => response.end('{}')));
    open(certificateUser());
    const slow = ask();
    await until(() => held.length === 1);
    use('me-again', 'client');
    skew = 11_000;
    const second = ask();
    await until(() => held.length === 2);
    for (const finish of held) finish();
    await Promise.all([slow, second]);
    assert.equal(connections, 2);
  });

  it('read the token file of a service account', async () => {
    writeFileSync(file('token'), 'from-a-file\n');
    open({ 'auth-provider': { name: 'tokenFile', config: { tokenFile: file('token') } } });
    await ask();
    assert.equal(authorization, 'Bearer from-a-file');
  });

  it('read the token file that a kubeconfig names', async () => {
    writeFileSync(file('token'), 'named-by-kubeconfig\n');
    open({ tokenFile: file('token') });
    await ask();
    assert.equal(authorization, 'Bearer named-by-kubeconfig');
  });

  it('that are nowhere to be found are an error at the start, not at each request', () => {
    const { HOME, KUBECONFIG } = process.env;
    process.env['HOME'] = directory;
    delete process.env['KUBECONFIG'];
    try {
      assert.throws(
        () =>
          connect({
            fieldManager: 'tester',
            userAgent: 'lingua-test',
            requestTimeoutMs: 1,
            clock: systemClock,
            random: new FakeRandom(),
          }),
        { code: 'config' },
      );
    } finally {
      process.env['HOME'] = HOME;
      if (KUBECONFIG !== undefined) process.env['KUBECONFIG'] = KUBECONFIG;
    }
  });
});

function commonNameOf(socket: Socket): string | undefined {
  assert.ok(socket instanceof TLSSocket);
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  return subject?.CN as string | undefined;
}
