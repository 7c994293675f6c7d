/** What kubectl says when it fails, as something a person can act on. Pure. */
import { AppError } from '../../common/errors.ts';
import { group, schedulerClusters } from '../api/group.ts';

interface Known {
  readonly pattern: RegExp;
  readonly code: 'config' | 'forbidden' | 'not_found' | 'unavailable' | 'conflict';
  readonly say: (match: RegExpExecArray, stderr: string) => string;
}

const first = (text: string): string => text.trim().split('\n')[0] ?? '';

const known: readonly Known[] = [
  {
    pattern:
      /User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/,
    code: 'forbidden',
    say: ([, user = '', verb = '', resource = '', apiGroup = '', namespace]) => {
      const where = namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
      const kind = namespace === undefined ? 'ClusterRole' : 'Role';
      return [
        `${user} may not ${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`} ${where}`,
        `Ask for a ${kind} with: apiGroups: ["${apiGroup}"], resources: ["${resource}"], verbs: ["${verb}"]`,
      ].join('\n');
    },
  },
  {
    pattern: new RegExp(`doesn't have a resource type "${schedulerClusters.plural}`),
    code: 'not_found',
    say: () =>
      `this cluster does not know SchedulerClusters (${group})\nInstall the operator, or choose another cluster with --context or --kubeconfig.`,
  },
  {
    pattern: /localhost:8080|no configuration has been provided|current-context is not set/,
    code: 'config',
    say: () =>
      'kubectl has no cluster to talk to\nName a kubeconfig with --kubeconfig or KUBECONFIG, or choose a context with --context; `kubectl config get-contexts` lists them.',
  },
  {
    pattern: /context "([^"]*)" does not exist/,
    code: 'config',
    say: ([, name = '']) =>
      `there is no context ${name} in the kubeconfig\n\`kubectl config get-contexts\` lists those that there are.`,
  },
  {
    pattern: /\(Unauthorized\)|You must be logged in|provide credentials/,
    code: 'forbidden',
    say: () => 'the API server does not accept your credentials\nLog in again, or choose another --context.',
  },
  {
    pattern: /\(TooManyRequests\).*disruption budget/,
    code: 'conflict',
    say: () =>
      'the disruption budget lets nobody go now: another instance is away\nWait until `kubectl lingua instances` shows all of them Ready, or say --force.',
  },
  {
    pattern: /Unable to connect to the server|connection to the server .* was refused|i\/o timeout/,
    code: 'unavailable',
    say: (_, stderr) =>
      `${first(stderr)}\nCheck that the cluster runs and that --context names the one you mean.`,
  },
  {
    pattern: /\(NotFound\): (.*)/,
    code: 'not_found',
    say: ([, what = '']) => what,
  },
];

/** Lines that the libraries of kubectl log; what it has to say itself comes after them. */
const logged = /^[EFIW]\d{4} .*\n?/gm;

/** @param output all that kubectl wrote on stderr */
export function explained(output: string): AppError {
  const stderr = output.replace(logged, '').trim() || output;
  for (const { pattern, code, say } of known) {
    const match = pattern.exec(stderr);
    if (match) return new AppError(code, say(match, stderr), { facts: { stderr } });
  }
  const said = stderr.trim().replace(/^error: /i, '');
  return new AppError('unavailable', said === '' ? 'kubectl failed and does not say why' : said);
}
