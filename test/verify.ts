/**
 * What is shipped, seen by the programs that people will use it with; the tests are those of `make test`, one line for each and one
 * for all. The manifests go to a real API server when KUBEBUILDER_ASSETS or KUBECONFIG names one.
 *
 *   node test/verify.ts
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Counts } from './support/count-reporter.ts';

const checks = [
  { tells: 'promtool: the rules are ones, and each alert has its story', file: 'test/ship/alerts.test.ts' },
  {
    tells: 'kubectl kustomize: install.yaml is what the overlay renders',
    file: 'test/docs/manifests.test.ts',
  },
  {
    tells: 'API server: every manifest and sample, strictly, in a dry run',
    file: 'test/e2e/manifests.test.ts',
  },
  { tells: 'Helm chart: renders what kustomize does', file: 'test/ship/chart/chart.test.ts' },
  { tells: 'pod security: every pod is restricted', file: 'test/ship/pod-security.test.ts' },
  { tells: 'buildah: both images build, start and stop', file: 'test/ship/images/images.test.ts' },
  { tells: 'nginx, HAProxy: two instances behind each', file: 'test/ship/proxies.test.ts' },
] as const;

const root = path.resolve(import.meta.dirname, '..');
/** The images run `npm ci` inside. */
const limitMs = 540_000;

interface Result {
  readonly counts: Counts;
  readonly ok: boolean;
  readonly said: string;
}

async function run(file: string): Promise<Result> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-verify-'));
  const counted = path.join(directory, 'counts.json');
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    `--test-reporter=${path.join(root, 'test/support/count-reporter.ts')}`,
    `--test-reporter-destination=${counted}`,
  ];
  try {
    const args = ['--test', `--test-timeout=${String(limitMs)}`, ...reporters, file];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? 1);
      });
    });
    const [said, code] = await Promise.all([text(child.stdout), ended]);
    const counts = JSON.parse(readFileSync(counted, 'utf8')) as Counts;
    // Nothing tried is nothing seen to work.
    return { counts, ok: code === 0 && counts.passed > 0 && counts.skipped === 0, said };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

let well = 0;
let tests = 0;
for (const { tells, file } of checks) {
  const started = performance.now();
  const { ok, counts, said } = await run(file);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${ok ? 'ok    ' : 'FAILED'} ${tells} (${String(counts.passed)} tests, ${String(counts.skipped)} skipped, ${seconds} s)`,
  );
  if (!ok) console.log(said);
  well += ok ? 1 : 0;
  tests += counts.passed;
}
console.log(`verify: ${String(well)} of ${String(checks.length)} ok, ${String(tests)} tests passed`);
process.exitCode = well === checks.length ? 0 : 1;
