/**
 * Writes monitoring/prometheus-rules.yaml: the alerts that the operator knows, for all fleets, as a rule file of Prometheus. In
 * Kubernetes the same groups are the spec of a PrometheusRule.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { fleetAlerts } from '../operator/resources/monitoring/fleet-alerts.ts';
import { operatorAlerts } from '../operator/resources/monitoring/operator-alerts.ts';
import type { RuleGroup } from '../operator/resources/monitoring/rule.ts';

export const rulesPath = new URL('prometheus-rules.yaml', import.meta.url).pathname;

export const allGroups = (): readonly RuleGroup[] => [...fleetAlerts(), ...operatorAlerts];

export function rulesFile(): string {
  const head =
    '# Made by `make generate` from operator/resources/monitoring. In a PrometheusRule the groups are its spec.\n';
  return head + stringify({ groups: allGroups() }, { lineWidth: 0 });
}

if (import.meta.main) {
  const current = await readFile(rulesPath, 'utf8').catch(() => '');
  if (current !== rulesFile()) {
    await writeFile(rulesPath, rulesFile());
    console.log(`wrote ${rulesPath}`);
  }
}
