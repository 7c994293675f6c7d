/**
 * Redis as the samples for production name it: in the namespace `redis`, behind TLS, with a user of few rights. A single server is
 * the Service `redis`; a cluster of three masters is `redis-cluster`, whose nodes name each other as their certificates do.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createAuthority } from '../cluster/certificates.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { documentedRights } from '../support/redis-rights.ts';

const namespace = 'redis';
const port = '6379';
const user = { name: 'lingua', password: 'password-of-the-user', keys: '~lingua-prod:*' };
const adminPassword = 'password-of-the-admin';
const servers = { redis: 1, 'redis-cluster': 3 } as const;

export interface RedisPods {
  /** Has `ca.crt` and `redis-password.txt`, as the samples say a person has them. */
  readonly directory: string;
  /** Asks the single server as its administrator. */
  ask(...command: readonly string[]): Promise<string>;
  /** Another authority that signs for the single server. */
  nextAuthority(): Promise<NextAuthority>;
}

export interface NextAuthority {
  /** Its certificate, in PEM. */
  readonly certificate: string;
  /** From now on the server shows a certificate by it. */
  use(): Promise<void>;
}

/** Everything runs when it returns; the cluster it was started on takes it along when it goes. */
export async function startRedisPods(kubectl: Kubectl): Promise<RedisPods> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-pods-'));
  const certificates = await makeCertificates(directory);
  writeFileSync(path.join(directory, 'redis-password.txt'), `${user.password}\n`);
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    secret(certificates),
    ...Object.entries(servers).flatMap(([name, replicas]) => serverObjects(name, replicas)),
  ];
  await kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n'));
  for (const name of Object.keys(servers)) {
    await kubectl(['-n', namespace, 'rollout', 'status', `statefulset/${name}`, '--timeout=180s']);
  }
  await joinMasters(kubectl, directory);
  const field = 'jsonpath={.status.podIP}';
  const address = (await kubectl(['-n', namespace, 'get', 'pod', 'redis-0', '-o', field])).trim();
  // Whoever signed its certificate by now.
  const ask = (...command: readonly string[]) => redisCli(['--insecure'], address, command);
  return { directory, ask, nextAuthority: () => nextAuthority(kubectl, ask) };
}

async function nextAuthority(kubectl: Kubectl, ask: RedisPods['ask']): Promise<NextAuthority> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-authority-'));
  const authority = await createAuthority(directory, 'next-authority');
  const { certificate, key } = await authority.forServer('next', ['redis.redis.svc']);
  const read = (file: string) => readFileSync(file, 'utf8');
  const stringData = { 'next.crt': read(certificate), 'next.key': read(key) };
  const pem = read(authority.certificate);
  rmSync(directory, { recursive: true });
  return {
    certificate: pem,
    async use() {
      await kubectl(['-n', namespace, 'patch', 'secret', 'tls', '-p', JSON.stringify({ stringData })]);
      const [, mounted = ''] = (await ask('CONFIG', 'GET', 'tls-cert-file')).split('\n');
      const file = (name: string) => path.join(path.dirname(mounted), name);
      // Under the same names the server would not read them anew.
      const set = ['tls-cert-file', file('next.crt'), 'tls-key-file', file('next.key')];
      const isSet = async () => (await ask('CONFIG', 'SET', ...set)).startsWith('OK');
      await eventually('the server has the new certificate', isSet, 90_000);
    },
  };
}

/** For the Services' names; a node of a cluster also shows one of a client to the others. */
async function makeCertificates(directory: string): Promise<Record<string, string>> {
  const authority = await createAuthority(directory);
  const server = await authority.forServer('server', ['redis.redis.svc', '*.redis-cluster.redis.svc']);
  const client = await authority.forClient({ name: 'client', group: 'redis' });
  copyFileSync(authority.certificate, path.join(directory, 'ca.crt'));
  const files = { 'server.crt': server.certificate, 'server.key': server.key };
  const all = { ...files, 'client.crt': client.certificate, 'client.key': client.key };
  const texts = Object.entries({ ...all, 'ca.crt': authority.certificate });
  return Object.fromEntries(texts.map(([name, file]) => [name, readFileSync(file, 'utf8')]));
}

const secret = (stringData: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'tls', namespace },
  stringData,
});

function serverObjects(name: string, replicas: number): object[] {
  const metadata = { name, namespace };
  const labels = { app: name };
  const container = {
    name: 'redis',
    image: 'redis:7.4-alpine',
    args: ['redis-server', ...argumentsFor(name)],
    env: Object.entries({ POD_NAME: 'metadata.name', POD_IP: 'status.podIP' }).map(
      ([variable, fieldPath]) => ({
        name: variable,
        valueFrom: { fieldRef: { fieldPath } },
      }),
    ),
    readinessProbe: { tcpSocket: { port: Number(port) }, periodSeconds: 1 },
    volumeMounts: [
      { name: 'tls', mountPath: '/tls' },
      { name: 'data', mountPath: '/data' },
    ],
  };
  const volumes = [
    { name: 'tls', secret: { secretName: 'tls' } },
    { name: 'data', emptyDir: {} },
  ];
  const spec = {
    replicas,
    serviceName: name,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [container], volumes } },
  };
  const service = { clusterIP: 'None', selector: labels, ports: [{ port: Number(port) }] };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: service },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec },
  ];
}

function argumentsFor(name: string): string[] {
  const tls = ['--tls-cert-file', '/tls/server.crt', '--tls-key-file', '/tls/server.key'];
  const common = [
    ...['--bind', '$(POD_IP)', '--port', '0', '--tls-port', port, '--tls-ca-cert-file', '/tls/ca.crt'],
    ...[...tls, '--tls-auth-clients', 'no', '--dir', '/data', '--save', '', '--appendonly', 'no'],
    ...['--requirepass', adminPassword],
    ...['--user', user.name, 'on', `>${user.password}`, user.keys, ...documentedRights()],
  ];
  if (name === 'redis') return common;
  return [
    ...common,
    ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--tls-cluster', 'yes'],
    ...['--tls-client-cert-file', '/tls/client.crt', '--tls-client-key-file', '/tls/client.key'],
    ...['--cluster-announce-ip', '$(POD_IP)'],
    ...['--cluster-announce-hostname', '$(POD_NAME).redis-cluster.redis.svc'],
    ...['--cluster-preferred-endpoint-type', 'hostname'],
  ];
}

async function joinMasters(kubectl: Kubectl, directory: string): Promise<void> {
  const field = 'jsonpath={.items[*].status.podIP}';
  const listed = await kubectl(['-n', namespace, 'get', 'pods', '-l', 'app=redis-cluster', '-o', field]);
  const addresses = listed.trim().split(' ');
  const trust = ['--cacert', path.join(directory, 'ca.crt')];
  const ask = (address: string, ...command: string[]) => redisCli(trust, address, command);
  const share = Math.ceil(16_384 / addresses.length);
  for (const [index, address] of addresses.entries()) {
    const last = Math.min(16_383, (index + 1) * share - 1);
    await ask(address, 'CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
    if (index > 0) await ask(address, 'CLUSTER', 'MEET', addresses[0] ?? '', port);
  }
  const formed = async (): Promise<boolean> => {
    const told = await Promise.all(addresses.map((address) => ask(address, 'CLUSTER', 'INFO')));
    return told.every((text) => /cluster_state:ok/.test(text) && /known_nodes:3/.test(text));
  };
  await eventually('the masters have found each other', formed, 120_000);
}

async function redisCli(
  trust: readonly string[],
  address: string,
  command: readonly string[],
): Promise<string> {
  const tls = ['--tls', ...trust, '--no-auth-warning'];
  const args = ['-h', address, '-p', port, ...tls, '-a', adminPassword, ...command];
  const { stdout } = await promisify(execFile)('redis-cli', args);
  return stdout;
}
