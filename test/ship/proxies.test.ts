/** The proxies that people put in front of schedulers, with the configuration that is shipped: real nginx, real HAProxy. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../cluster/free-port.ts';
import { Fleet } from '../scenario/fleet.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../support/images.ts';
import { NodeClient, translationOf } from '../support/node-client.ts';
import { SessionClient } from '../support/session-client.ts';

interface Kind {
  readonly name: string;
  /** In `deploy/`. */
  readonly file: string;
  readonly listens: string;
  readonly command: (file: string, directory: string) => readonly [string, ...string[]];
  /** What its comment says to write for stickiness, and instead of what. */
  readonly sticky: readonly [instead: string, choice: string];
  /** What the shipped file is put into, when it is not whole. */
  readonly around?: (configuration: string, directory: string) => string;
}

const kinds: readonly Kind[] = [
  {
    name: 'nginx',
    file: 'nginx.conf',
    listens: 'listen 80;',
    sticky: ['least_conn;', 'ip_hash;'],
    command: (file, directory) => ['nginx', '-e', 'stderr', '-p', directory, '-c', file],
    around: (configuration, directory) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `${name}_temp_path ${directory}/${name};`,
      );
      const http = ['access_log off;', ...temporary, configuration].join('\n');
      return `daemon off;\npid ${directory}/pid;\nerror_log stderr;\nevents {}\nhttp {\n${http}\n}\n`;
    },
  },
  {
    name: 'haproxy',
    file: 'haproxy.cfg',
    listens: 'bind :80',
    sticky: ['balance leastconn', 'balance source'],
    command: (file) => ['haproxy', '-db', '-f', file],
  },
];

const instances = ['scheduler-1', 'scheduler-2'] as const;
const hosts = { 'scheduler-1': '10.0.0.11:5010', 'scheduler-2': '10.0.0.12:5010' } as const;

for (const kind of kinds) {
  describe(`two instances behind ${kind.name}`, () => {
    let fleet: Fleet;
    let proxy: { url: string; stop(): Promise<void> };
    const clients: { close(): Promise<void> }[] = [];
    before(async () => {
      fleet = await Fleet.start({ instances });
      proxy = await startProxy(kind, fleet);
    });
    after(async () => {
      for (const client of clients) await client.close();
      await proxy.stop();
      await fleet.stop();
    });

    it('translate across instances, for clients that know the proxy only', async () => {
      const node = await NodeClient.ready(proxy.url);
      clients.push(node);
      const [withNode] = await instancesWith(fleet, 'scheduler_nodes_total');
      const sessions: SessionClient[] = [];
      await eventually('sessions on the other instance', async () => {
        const session = await SessionClient.open(proxy.url);
        clients.push(session);
        sessions.push(session);
        const found = await instancesWith(fleet, 'scheduler_sessions_total');
        return found.some((id) => id !== withNode);
      });
      for (const [index, session] of sessions.entries()) {
        const audio = `hello ${String(index)}`;
        session.say({ index: 0, audio });
        const expected = translationOf(Buffer.from(audio).toString('base64'));
        assert.equal((await session.result(0))['text_translated'], expected);
      }
      assert.equal(node.jobs().length, sessions.length);
    });

    it('show their health and not their metrics', async () => {
      assert.equal((await fetch(`${proxy.url}/health`)).status, 200);
      assert.equal((await fetch(`${proxy.url}/metrics`)).status, 404);
    });

    it('are not chosen among by a client that the file makes stick to one', async () => {
      const sticky = await startProxy(kind, fleet, { sticks: true });
      const opened: SessionClient[] = [];
      try {
        const before = await sessionsOf(fleet);
        for (let count = 0; count < 4; count += 1) opened.push(await SessionClient.open(sticky.url));
        const grown = (await sessionsOf(fleet)).map((sessions, index) => sessions - (before[index] ?? 0));
        assert.deepEqual(grown.sort(), [0, 4]);
      } finally {
        for (const client of opened) await client.close();
        await sticky.stop();
      }
    });

    it('are one fewer when an instance dies, and new sessions open all the same', async () => {
      await fleet.on('scheduler-1').kill();
      for (let count = 0; count < 4; count += 1) {
        const session = await SessionClient.open(proxy.url);
        clients.push(session);
        assert.notEqual(session.sessionId, '');
      }
    });
  });
}

const sessionsOf = (fleet: Fleet): Promise<number[]> =>
  Promise.all(
    instances.map(async (id) => {
      const { body } = await fleet.on(id).get('/metrics');
      return Number(/^scheduler_sessions_total (\S+)$/m.exec(body)?.[1]);
    }),
  );

/** Instances for which the sum of a gauge's series is above zero. */
async function instancesWith(fleet: Fleet, metric: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of instances) {
    const { body } = await fleet.on(id).get('/metrics');
    const values = [...body.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
    if (values.some(([, value]) => Number(value) > 0)) found.push(id);
  }
  return found;
}

async function startProxy(
  kind: Kind,
  fleet: Fleet,
  { sticks = false } = {},
): Promise<{ url: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), `lingua-${kind.name}-`));
  // nginx's workers are another user.
  await chmod(directory, 0o755);
  const port = await freePort();
  const text = await readFile(path.join(root, 'deploy', kind.file), 'utf8');
  const shipped = sticks ? stickyForm(kind, text) : text;
  const file = path.join(directory, kind.file);
  const ours = adapted(kind, shipped, port, fleet);
  await writeFile(file, kind.around?.(ours, directory) ?? ours);
  const [program, ...args] = kind.command(file, directory);
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const exited = once(child, 'close');
  const url = `http://127.0.0.1:${String(port)}`;
  const answers = () =>
    fetch(`${url}/health`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await eventually(`${kind.name} answers`, answers, 60_000).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new Error(`${kind.name} printed:\n${output()}`, { cause: error });
  });
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The shipped file with this test's port and instances, and nothing else changed. */
function adapted(kind: Kind, shipped: string, port: number, fleet: Fleet): string {
  const replace = (text: string, from: string, to: string): string => {
    assert.equal(text.split(from).length, 2, `${kind.file} says '${from}' once`);
    return text.replace(from, to);
  };
  const listening = replace(shipped, kind.listens, kind.listens.replace(/:?80/, `127.0.0.1:${String(port)}`));
  return instances.reduce((text, id) => replace(text, hosts[id], new URL(fleet.on(id).url).host), listening);
}

function stickyForm({ sticky: [instead, choice] }: Kind, shipped: string): string {
  assert.match(
    shipped,
    new RegExp(`^ *# For stickiness by client address, put \`${choice}\` here instead`, 'm'),
  );
  return shipped.replace(new RegExp(`^( *)${instead}$`, 'm'), `$1${choice}`);
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}
