/** ClusterRoles that gather others: their rules are those of every role with the labels they ask for. */
import { clusterRoles, type ClusterRole } from '../../../operator/kube/resources.ts';
import { startQueue, type Controller, type ControllerContext } from './controller.ts';
import { canonicalJson } from './hash.ts';
import { selects } from './selector.ts';

type Rule = NonNullable<ClusterRole['rules']>[number];

export function startClusterRoles(context: ControllerContext): Controller {
  const { kube, informers } = context;
  const all = informers.of(clusterRoles);

  const queue = startQueue(context, 'clusterroleaggregation', async (name) => {
    const role = all.get(name);
    if (!role?.aggregationRule) return {};
    const rules = gathered(role, all.list());
    if (canonicalJson(rules) === canonicalJson(role.rules ?? [])) return {};
    await kube.patch(clusterRoles, name, { metadata: { uid: role.metadata.uid }, rules });
    return {};
  });

  // One that gathers may be gathered itself, so any change can go on to any of them.
  all.onChange(() => {
    for (const { metadata, aggregationRule } of all.list()) if (aggregationRule) queue.add(metadata.name);
  });
  return { stop: () => queue.stop() };
}

/** Each rule once; by the names of the roles, so that their order in a list does not matter. */
function gathered(role: ClusterRole, all: readonly ClusterRole[]): Rule[] {
  const found = new Map<string, Rule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selected = all.filter(
      ({ metadata }) => metadata.name !== role.metadata.name && selects(selector, metadata.labels),
    );
    for (const { rules } of selected.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
      for (const rule of rules ?? []) found.set(canonicalJson(rule), rule);
    }
  }
  return [...found.values()];
}
