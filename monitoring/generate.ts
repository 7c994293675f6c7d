/**
 * Writes monitoring/prometheus-rules.yaml, the alerts that the operator knows, for all fleets, as a rule file of Prometheus (in
 * Kubernetes the same groups are the spec of a PrometheusRule), and monitoring/dashboards/ for Grafana.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { fleetAlerts } from '../operator/resources/monitoring/fleet-alerts.ts';
import { operatorAlerts } from '../operator/resources/monitoring/operator-alerts.ts';
import { dashboards, grafanaJson } from './dashboards.ts';
import type { RuleGroup } from '../operator/resources/monitoring/rule.ts';

export const rulesPath = new URL('prometheus-rules.yaml', import.meta.url).pathname;

export const allGroups = (): readonly RuleGroup[] => [...fleetAlerts(), ...operatorAlerts];

export function rulesFile(): string {
  const head =
    '# Made by `make generate` from operator/resources/monitoring. In a PrometheusRule the groups are its spec.\n';
  return head + stringify({ groups: allGroups() }, { lineWidth: 0 });
}

/** Every file with what belongs into it. */
export const files = (): ReadonlyMap<string, string> =>
  new Map([
    [rulesPath, rulesFile()],
    ...dashboards.map(
      (dashboard) =>
        [
          new URL(`dashboards/${dashboard.uid}.json`, import.meta.url).pathname,
          grafanaJson(dashboard),
        ] as const,
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
