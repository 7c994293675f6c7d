/**
 * What the operator costs with many clusters: memory, time of a look, requests while idle, and how soon a scale request is acted on.
 *
 *   node bench/operator/main.ts [--clusters 100] [--instances 10] [--idle 60] [--scales 20] [--out bench/operator.md]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Processes } from '../harness/processes.ts';
import { describeMachine } from '../report/machine.ts';
import { measureOperator } from './measure.ts';
import { page } from './report.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    ...{ clusters: text('100'), instances: text('10'), idle: text('60'), scales: text('20') },
    out: text('bench/operator.md'),
  },
});

const processes = new Processes();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    processes.killAll();
    process.exit(130);
  });
}

const size = {
  clusters: Number(values.clusters),
  instances: Number(values.instances),
  idleSeconds: Number(values.idle),
  quietSeconds: 10,
  calmSeconds: 60,
  scales: Number(values.scales),
};
const machine = describeMachine('operator.mjs, bundled for it').filter(
  ([name]) => name !== 'packages' && name !== 'Redis',
);
const asked = process.argv.slice(2);
const command =
  asked.length === 0 ? 'make operator-bench' : ['node bench/operator/main.ts', ...asked].join(' ');
const figures = await measureOperator(size, processes, console.log);
const markdown = await page(figures, { command, machine, at: new Date() });
console.log(`\n${markdown}`);
if (values.out !== '') writeFileSync(values.out, markdown);
