/**
 * Writes monitoring/prometheus-rules.yaml, the alerts that the operator knows, for all fleets, as a rule file of Prometheus;
 * monitoring/dashboards/ for Grafana; and in manifests/monitoring/ what the Prometheus operator reads.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { fleetAlerts } from '../operator/resources/monitoring/fleet-alerts.ts';
import { operatorAlerts } from '../operator/resources/monitoring/operator-alerts.ts';
import { fleetDashboard } from './fleet-dashboard.ts';
import { grafanaJson } from './grafana.ts';
import { podMonitorsFile, prometheusRuleFile } from './manifests.ts';
import { operatorDashboard } from './operator-dashboard.ts';
import type { RuleGroup } from '../operator/resources/monitoring/rule.ts';

const here = (file: string): string => new URL(file, import.meta.url).pathname;

export const rulesPath = here('prometheus-rules.yaml');

export const allGroups = (): readonly RuleGroup[] => [...fleetAlerts(), ...operatorAlerts];

function rulesFile(): string {
  const head =
    '# Made by `make generate` from operator/resources/monitoring. manifests/monitoring has them as a PrometheusRule.\n';
  return head + stringify({ groups: allGroups() }, { lineWidth: 0 });
}

/** Every file with what belongs into it. */
export const files = (): ReadonlyMap<string, string> =>
  new Map([
    [rulesPath, rulesFile()],
    [here('../manifests/monitoring/pod-monitors.yaml'), podMonitorsFile()],
    [here('../manifests/monitoring/prometheus-rule.yaml'), prometheusRuleFile(allGroups())],
    ...[fleetDashboard, operatorDashboard].map(
      (dashboard) => [here(`dashboards/${dashboard.uid}.json`), grafanaJson(dashboard)] as const,
    ),
  ]);

if (import.meta.main) {
  for (const [file, text] of files()) {
    const current = await readFile(file, 'utf8').catch(() => '');
    if (current === text) continue;
    await writeFile(file, text);
    console.log(`wrote ${file}`);
  }
}
