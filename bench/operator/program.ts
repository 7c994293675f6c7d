/** The operator as its image runs it, and what it says of itself. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleAll } from '../../build.ts';
import { environment } from '../../common/workload.ts';
import { accountDirectory } from '../../operator/kube/pod-login.ts';
import { freePort } from '../harness/free-port.ts';
import type { Child, Processes } from '../harness/processes.ts';
import { samplesIn, type Sample } from './exposition.ts';

const root = path.resolve(import.meta.dirname, '../..');

export interface OperatorProcess {
  readonly child: Child;
  metrics(): Promise<Sample[]>;
}

/** The bundle, made in this directory, for this account. */
export async function bundledOperator(directory: string, account: Account): Promise<string> {
  const bundle = (await bundleAll(directory)).find(({ name }) => name === 'operator');
  if (!bundle) throw new Error('there is no bundle of the operator');
  const place = path.join(directory, 'account');
  mount(account, place);
  withAccountIn(place, bundle.file);
  return bundle.file;
}

/** What the image starts Node with. */
function asImage(): { flags: string[]; env: Record<string, string> } {
  const dockerfile = readFileSync(path.join(root, 'Dockerfile.operator'), 'utf8');
  const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const variables = [...dockerfile.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.split(' '));
  return {
    flags: (JSON.parse(entry) as string[]).slice(1, -1),
    env: Object.fromEntries(variables.map((variable) => variable.split('=') as [string, string])),
  };
}

/** What a pod is given. */
export interface Account {
  readonly server: URL;
  readonly token: string;
  readonly certificateAuthority: string;
}

/** Writes the files of an account. */
function mount(account: Account, directory: string): void {
  const files = { token: account.token, 'ca.crt': account.certificateAuthority, namespace: 'default' };
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(path.join(directory, name), content, { mode: 0o600 });
}

/** A program that sees the file system of this machine finds its account elsewhere; nothing else of its text changes. */
function withAccountIn(directory: string, file: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(accountDirectory)) throw new Error(`${accountDirectory} is not named in ${file}`);
  writeFileSync(file, text.replaceAll(accountDirectory, directory));
}

export async function startOperatorProcess(
  file: string,
  { server }: Account,
  processes: Processes,
): Promise<OperatorProcess> {
  const port = await freePort();
  const image = asImage();
  const args = [...image.flags, file, `--metrics-port=${String(port)}`];
  const env = {
    ...image.env,
    ...{ KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port, KUBECONFIG: '' },
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    [environment.bindAddress]: '127.0.0.1',
  };
  const child = processes.start('operator', process.execPath, args, { env });
  const metrics = async () => {
    const answer = await Promise.race([fetch(`http://127.0.0.1:${String(port)}/metrics`), child.crashed]);
    return samplesIn(await answer.text());
  };
  return { child, metrics };
}
