/** `dlq`: the scheduler's tool for dead letters, run in one of the fleet's pods. It sees those of all instances. */
import { misuse, type Asked, type Values } from '../arguments.ts';
import { runTool, spokesman } from '../ask.ts';
import { listClusters, listPods } from '../look.ts';
import { formatted, type Run } from '../plugin.ts';
import { clusterOf } from '../target.ts';
import { namespaceOf } from './status.ts';

const actions = ['list', 'show', 'replay', 'drop'] as const;
type Action = (typeof actions)[number];

export interface DlqAsked {
  readonly name: string | undefined;
  readonly action: Action;
  readonly entries: readonly string[];
}

export const dlq: Run = async (asked, plugin) => {
  const { name, action, entries } = dlqOf(asked.operands);
  const clusters = await listClusters(plugin.kubectl);
  const cluster = clusterOf(name, clusters, await namespaceOf(clusters, plugin, asked.values.namespace));
  const pod = spokesman(cluster, await listPods(plugin.kubectl, cluster));
  const { code, stdout, stderr } = await runTool(plugin.kubectl, pod, [
    'dlq',
    action,
    ...entries,
    ...flagsOf(asked),
  ]);
  plugin.out(asked.format === 'yaml' && code === 0 ? formatted(JSON.parse(stdout), 'yaml') : stdout);
  plugin.note(stderr);
  return code;
};

/** `[NAME] ACTION [ENTRY...]`: a fleet may be named like an action, when the action follows. */
export function dlqOf(operands: readonly string[]): DlqAsked {
  const isAction = (word: string | undefined): word is Action => actions.some((action) => action === word);
  const [one, two, ...rest] = operands;
  if (isAction(two)) return { name: one, action: two, entries: rest };
  if (isAction(one)) return { name: undefined, action: one, entries: operands.slice(1) };
  throw misuse('dlq', `needs one of ${actions.join(', ')}`);
}

function flagsOf({ values, format }: Asked): string[] {
  const named = ({ instance, to, limit }: Values) => Object.entries({ instance, to, limit });
  return [
    ...named(values).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}=${value}`])),
    ...(values.all ? ['--all'] : []),
    ...(values.yes ? ['--yes'] : []),
    ...(format ? ['--json'] : []),
  ];
}
