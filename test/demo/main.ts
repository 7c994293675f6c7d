/**
 * The whole product on one machine, as a person would use it: install the operator, apply a SchedulerCluster, connect a Node
 * to one instance and a Session to another, translate, scale, look at metrics, clean up. Ends with one line, and with an
 * exit code other than 0 when anything was not as it should be.
 *
 *   make demo           make demo KEEP=1   leaves it running until Ctrl-C
 */
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { createLogger } from '../../common/log.ts';
import { ports } from '../../common/workload.ts';
import { clusterManifest, installOperator, startPocket, type Pocket } from '../support/pocket.ts';
import { connectPair, translate, type LoadResult } from './load.ts';
import { createScreen, type Screen } from './screen.ts';

const jobs = 200;
const name = 'demo';
const prefix = 'lingua-prod';

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly podIP: string };
  }[];
}

async function demo(screen: Screen, keep: boolean): Promise<LoadResult> {
  screen.step('start a Redis and a pocket Kubernetes');
  const log = createLogger({}, { level: 'error', format: 'pretty' });
  const pocket = await screen.wait('starting', startPocket({ log }));
  try {
    screen.say(`Redis ${pocket.redis.url}, kubeconfig ${pocket.cluster.kubeconfig}`);
    const result = await story(screen, pocket);
    // Ctrl-C on a terminal ends the Redis as well, so there is nothing left to look at afterwards.
    if (keep) await leaveRunning(screen, pocket);
    else await cleanUp(screen, pocket);
    return result;
  } finally {
    await pocket.stop();
  }
}

async function story(screen: Screen, pocket: Pocket): Promise<LoadResult> {
  const { kubectl } = pocket;
  screen.step('install the operator');
  await screen.wait('kubectl apply -k manifests/install', installOperator(kubectl));
  screen.show('kubectl get pods -n lingua-system', await kubectl(['get', 'pods', '-n', 'lingua-system']));

  screen.step('apply a SchedulerCluster with 2 instances');
  const manifest = clusterManifest({ name, replicas: 2, redisUrl: pocket.redis.url, keyPrefix: prefix });
  screen.show('kubectl apply -f -', await kubectl(['apply', '-f', '-'], manifest));
  await untilReady(screen, pocket);
  await showInstances(screen, pocket, 2);

  screen.step('a Node on one instance, a Session on the other');
  const result = await screen.wait('connecting', acrossInstances(screen, pocket));

  screen.step('the inbox through which the instances talked');
  await redisCli(screen, pocket, ['XINFO', 'STREAM', `${prefix}:streams:{instance:${name}-0}:inbox`]);
  await redisCli(screen, pocket, ['XPENDING', `${prefix}:streams:{instance:${name}-0}:inbox`, 'scheduler']);

  screen.step('scale to 3');
  screen.show(
    `kubectl scale schedulercluster ${name} --replicas=3`,
    await kubectl(['scale', 'schedulercluster', name, '--replicas=3']),
  );
  await untilReady(screen, pocket);
  await showInstances(screen, pocket, 3);

  screen.step('conditions, events and metrics');
  await showConditions(screen, pocket);
  await showMetrics(screen, pocket);
  return result;
}

async function untilReady(screen: Screen, { kubectl }: Pocket): Promise<void> {
  const wait = kubectl(['wait', `lsc/${name}`, '--for=condition=Ready', '--timeout=40s']);
  screen.show(`kubectl wait lsc/${name} --for=condition=Ready`, await screen.wait('waiting', wait));
}

async function showInstances(screen: Screen, pocket: Pocket, expected: number): Promise<void> {
  const { kubectl } = pocket;
  screen.show(`kubectl get lsc ${name}`, await kubectl(['get', 'lsc', name]));
  const pods = await podsOf(pocket);
  const ids = new Set<string>();
  for (const { metadata } of pods) {
    const key = `${prefix}:schedulers:presence:${metadata.name}`;
    const presence = JSON.parse(await redis(pocket, ['GET', key])) as { instance_id: string };
    ids.add(presence.instance_id);
  }
  screen.say(`instance ids as Redis knows them: ${[...ids].sort().join(', ')}`);
  if (ids.size !== expected)
    throw new Error(`${String(expected)} instance ids expected, ${String(ids.size)} found`);
}

async function acrossInstances(screen: Screen, pocket: Pocket): Promise<LoadResult> {
  const [first, second] = await podsOf(pocket);
  if (!first || !second) throw new Error('two pods expected');
  const url = (pod: typeof first) => `ws://${pod.status.podIP}:${String(ports.http)}`;
  const pair = await connectPair(url(first), url(second));
  try {
    screen.say(
      `Node ${pair.node.nodeId} on ${first.metadata.name}, Session ${pair.session.sessionId} on ${second.metadata.name}`,
    );
    let answered = 0;
    const translating = translate(pair.session, jobs, (count) => {
      answered = count;
    });
    const result = await screen.wait(
      'translating',
      translating,
      () => `${String(answered)} of ${String(jobs)}`,
    );
    screen.say(
      `${String(result.answered)} utterances of 3 s of speech answered, p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`,
    );
    if (result.answered !== jobs)
      throw new Error(`${String(jobs)} answers expected, ${String(result.answered)} came`);
    return result;
  } finally {
    await pair.close();
  }
}

async function showConditions(screen: Screen, { kubectl }: Pocket): Promise<void> {
  const columns = '{range .status.conditions[*]}{.type}={.status} ({.reason}){"\\n"}{end}';
  screen.show(
    `kubectl get lsc ${name} -o jsonpath='…conditions…'`,
    await kubectl(['get', 'lsc', name, '-o', `jsonpath=${columns}`]),
  );
  const ofClusters = ['get', 'events', '--field-selector', 'involvedObject.kind=SchedulerCluster'];
  const events = await kubectl([...ofClusters, '--sort-by=.metadata.creationTimestamp']);
  screen.show(`kubectl ${ofClusters.join(' ')}`, events);
}

async function showMetrics(screen: Screen, pocket: Pocket): Promise<void> {
  const interesting =
    /^scheduler_(jobs_total|phase2_redis_op_total\{op="(accept|finish|xadd)"|phase2_inbox_pending|phase2_presence_heartbeat_total|nodes_total|sessions_total)/;
  for (const pod of await podsOf(pocket)) {
    const text = await fetchText(`http://${pod.status.podIP}:${String(ports.http)}/metrics`);
    const lines = text.split('\n').filter((line) => interesting.test(line) && !line.endsWith(' 0'));
    if (lines.length === 0) throw new Error(`${pod.metadata.name} shows none of the guide's metrics`);
    screen.show(`curl ${pod.metadata.name}:${String(ports.http)}/metrics`, lines.join('\n'));
  }
}

async function cleanUp(screen: Screen, pocket: Pocket): Promise<void> {
  const { kubectl } = pocket;
  screen.step('delete it; nothing stays');
  const selector = `app.kubernetes.io/instance=${name}`;
  await screen.wait('kubectl delete', kubectl(['delete', 'lsc', name, '--timeout=60s']));
  // The object is gone at once; what it owned is collected after it, and pods are given time to end well.
  const gone = [
    'wait',
    'pods,statefulsets,configmaps,services',
    '-l',
    selector,
    '--for=delete',
    '--timeout=60s',
  ];
  await screen.wait('waiting until its pods have ended', kubectl(gone));
  const kinds = 'statefulsets,services,configmaps,secrets,serviceaccounts,poddisruptionbudgets,pods';
  const left = await kubectl(['get', kinds, '-l', selector, '-o', 'name']);
  if (left.trim() !== '') throw new Error(`left behind: ${left}`);
  const keys = await redis(pocket, ['KEYS', `${prefix}:schedulers:presence:*`]);
  if (keys.trim() !== '') throw new Error(`presence left in Redis: ${keys}`);
  screen.say('no object and no presence is left');
}

async function leaveRunning(screen: Screen, pocket: Pocket): Promise<void> {
  screen.step('left running: press Ctrl-C to end it');
  screen.say(`export KUBECONFIG=${pocket.cluster.kubeconfig}`);
  screen.say(`redis-cli -p ${String(pocket.redis.port)} KEYS '${prefix}:*'`);
  for (const pod of await podsOf(pocket)) {
    const host = `${pod.status.podIP}:${String(ports.http)}`;
    screen.say(
      `${pod.metadata.name}: ws://${host}/ws/session  ws://${host}/ws/node  http://${host}/dashboard`,
    );
  }
  await new Promise<void>((resolve) => {
    // A pending promise alone does not keep a process alive.
    const alive = setInterval(() => undefined, 60_000);
    process.once('SIGINT', () => {
      clearInterval(alive);
      resolve();
    });
  });
}

async function podsOf({ kubectl }: Pocket): Promise<PodList['items']> {
  const list = await kubectl.json<PodList>(['get', 'pods', '-l', `app.kubernetes.io/instance=${name}`]);
  return [...list.items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

async function redisCli(screen: Screen, pocket: Pocket, command: readonly string[]): Promise<void> {
  screen.show(
    `redis-cli ${command.map((word) => (/[{}*]/.test(word) ? `"${word}"` : word)).join(' ')}`,
    await redis(pocket, command),
  );
}

async function redis({ redis: server }: Pocket, command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(server.port), ...command]);
  return stdout;
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}`);
  return response.text();
}

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
try {
  const { answered, p50Ms } = await demo(createScreen(process.stdout), values.keep);
  console.log(`\ndemo: ok, ${String(answered)} jobs answered across instances, p50 ${p50Ms.toFixed(1)} ms`);
} catch (error) {
  console.error(`\ndemo: failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
