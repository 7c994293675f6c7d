/** The dashboards as they stand in their files: nothing in them asks for what no program tells. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../support/images.ts';
import { faultsOf } from './queries.ts';

interface Page {
  readonly templating: { readonly list: readonly { name: string; type: string; query: string }[] };
  readonly panels: readonly { title: string; targets: readonly { expr: string; legendFormat: string }[] }[];
}

const folder = path.join(root, 'monitoring/dashboards');

for (const name of (await readdir(folder)).filter((file) => file.endsWith('.json'))) {
  describe(`monitoring/dashboards/${name}`, async () => {
    const text = await readFile(path.join(folder, name), 'utf8');
    const { panels, templating } = JSON.parse(text) as Page;

    it('asks only for metrics and labels that the programs register', () => {
      assert.ok(panels.length > 0);
      assert.deepEqual(
        panels.flatMap(({ title, targets }) =>
          targets.flatMap(({ expr }) => faultsOf(expr).map((fault) => `${title}: ${fault}`)),
        ),
        [],
      );
    });

    it('has variables of labels that exist, and uses no other', () => {
      const queries = templating.list.filter(({ type }) => type === 'query');
      for (const { name: label, query } of queries) {
        const [, metric = ''] = /^label_values\((\w+), \w+\)$/.exec(query) ?? [];
        assert.deepEqual(faultsOf(`${metric}{${label}="x"}`), []);
      }
      const known = [...queries.map((query) => query.name), '__rate_interval', 'datasource'];
      const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, variable = '']) => variable);
      assert.deepEqual(
        used.filter((variable) => variable !== '__all' && !known.includes(variable)),
        [],
      );
    });
  });
}

describe('the check of queries', () => {
  const wrong: readonly [expr: string, fault: string][] = [
    ['sum(rate(scheduler_job_total[5m]))', 'no metric scheduler_job_total'],
    ['scheduler_jobs_total{state="accepted"}', 'scheduler_jobs_total has no label state'],
    ['sum by (reason) (scheduler_jobs_total)', 'no label reason'],
  ];
  for (const [expr, fault] of wrong) {
    it(`finds in ${expr}: ${fault}`, () => {
      assert.deepEqual(faultsOf(expr), [fault]);
    });
  }
});
