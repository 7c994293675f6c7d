/** The command line of the operator. */
import { parseArgs } from 'node:util';
import { AppError } from '../common/errors.ts';

export interface Flags {
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly metricsPort: number;
  readonly leaderElect: boolean;
  readonly leaderNamespace: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly concurrency: number;
  readonly runbookUrl: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
}

export const usage = `Usage: operator [flags]
       operator validate FILE...   check manifests without a cluster; --help says more

Makes a fleet of schedulers of every SchedulerCluster it sees.

  --namespace NAME         look after this namespace only; may be given several times or as a list with commas.
                           Without it: all namespaces.
  --metrics-port PORT      port of /metrics, /livez and /readyz (default 8080, 0 for any free one)
  --leader-elect=BOOL      let only one of several operators act (default true)
  --leader-namespace NAME  namespace of the Lease for that (default: the operator's own)
  --kubeconfig FILE        how to reach Kubernetes (default: $KUBECONFIG, else the pod's own account)
  --concurrency N          clusters looked at at a time, besides those that wait for an answer (default 4)
  --runbook-url URL        where the runbooks of alerts are published, {alert} in it for the name of one; the alerts of
                           spec.monitoring link to it (default: they name the page in the repository)
  --help, --version

Environment: LOG_LEVEL (trace, debug, info, warn, error), LOG_FORMAT (json, pretty).
`;

/** What `parseArgs` takes. */
export const options = {
  namespace: { type: 'string', multiple: true },
  'metrics-port': { type: 'string', default: '8080' },
  'leader-elect': { type: 'string', default: 'true' },
  'leader-namespace': { type: 'string' },
  kubeconfig: { type: 'string' },
  concurrency: { type: 'string', default: '4' },
  'runbook-url': { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const;

/** @throws AppError `config` naming the flag and what is allowed */
export function parseFlags(args: readonly string[]): Flags {
  const { values } = read(args);
  return {
    namespaces: namespacesOf(values.namespace ?? []),
    metricsPort: integer('metrics-port', values['metrics-port'], 0, 65_535),
    leaderElect: boolean('leader-elect', values['leader-elect']),
    leaderNamespace: values['leader-namespace'],
    kubeconfig: values.kubeconfig,
    concurrency: integer('concurrency', values.concurrency, 1, 64),
    runbookUrl: runbookUrl(values['runbook-url']),
    help: values.help,
    version: values.version,
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options,
    });
  } catch (error) {
    throw new AppError('config', `${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

function namespacesOf(given: readonly string[]): string[] {
  const names = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
  if (wrong !== undefined) {
    throw new AppError('config', `--namespace must be a name of a namespace, and '${wrong}' is not one`);
  }
  return [...new Set(names)];
}

function integer(flag: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^[0-9]+$/.test(value) || number < min || number > max) {
    throw new AppError(
      'config',
      `--${flag} must be a whole number from ${min} to ${max}, and '${value}' is not`,
    );
  }
  return number;
}

/** Braces are Prometheus' templates. */
function runbookUrl(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  const isAddress = /^https?:\/\/[^\s{}]+$/.test(value.replaceAll('{alert}', 'x')) && URL.canParse(value);
  if (isAddress && value.includes('{alert}')) return value;
  throw new AppError(
    'config',
    `--runbook-url must be an address as https://host/path/{alert}.md, and '${value}' is not`,
  );
}

function boolean(flag: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AppError('config', `--${flag} must be true or false, and '${value}' is neither`);
}
