/**
 * Runs the test suites one after another and ends with one line of counts. A suite that ran no test, or that skipped one,
 * has failed: a missing Redis or kubectl must never look like success.
 *
 *   node test/run.ts [suite ...]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Counts } from './support/count-reporter.ts';
import { inOwnNetwork } from './support/own-network.ts';

interface Suite {
  readonly name: string;
  readonly tells: string;
  readonly files: readonly string[];
  /** Unit tests share one process, which makes them fast; the others get one process a file. */
  readonly isolated: boolean;
  /** More than one where files wait more than they work. */
  readonly concurrency: number;
  /** For each test: what it takes on a machine three times slower that has other work, and more. */
  readonly timeoutSeconds: number;
  /** Runs against a real API server when one is given. */
  readonly onRealServer?: true;
}

const suites: readonly Suite[] = [
  {
    name: 'unit',
    tells: 'pure parts and single components',
    files: [
      'common/**/*.test.ts',
      'scheduler/**/*.test.ts',
      'operator/**/*.test.ts',
      'crds/*.test.ts',
      'test/cluster/**/*.test.ts',
      'test/unit/**/*.test.ts',
    ],
    isolated: false,
    concurrency: 1,
    timeoutSeconds: 120,
  },
  {
    name: 'contract',
    tells: 'the store on memory, Redis and a three-master Redis cluster',
    files: ['test/contract/*.test.ts'],
    isolated: true,
    concurrency: 4,
    timeoutSeconds: 240,
  },
  {
    name: 'docs',
    tells: 'links, names and commands of the documentation',
    files: ['docs/generate/*.test.ts', 'test/docs/*.test.ts'],
    isolated: true,
    concurrency: 1,
    timeoutSeconds: 300,
  },
  {
    name: 'ship',
    tells: 'what is shipped: bundles, bills of materials, images, and what stands around them',
    files: ['test/ship/**/*.test.ts'],
    isolated: true,
    concurrency: 1,
    // The images run `npm ci` inside.
    timeoutSeconds: 540,
  },
  {
    name: 'scenario',
    tells: 'real scheduler processes, sockets and Redis',
    files: ['test/scenario/*.test.ts'],
    isolated: true,
    concurrency: 3,
    timeoutSeconds: 240,
  },
  {
    name: 'browser',
    tells: 'the dashboard, and those for Grafana, in a real browser',
    files: ['test/browser/*.test.ts'],
    isolated: true,
    concurrency: 1,
    timeoutSeconds: 240,
  },
  {
    name: 'bench',
    tells: 'the bench itself: its arithmetic, and what it does when a system fails',
    files: ['bench/**/*.test.ts', 'test/bench/*.test.ts'],
    isolated: true,
    concurrency: 1,
    timeoutSeconds: 180,
  },
  {
    name: 'faults',
    tells:
      'the fault proxies, the history checker, the plan and the decoders; `make faults` breaks real fleets',
    files: ['test/faults/**/*.test.ts'],
    isolated: true,
    concurrency: 1,
    timeoutSeconds: 240,
  },
  {
    name: 'operator',
    tells: 'reconciling against a fake API with faults',
    files: ['test/operator/*.test.ts'],
    isolated: true,
    concurrency: 2,
    timeoutSeconds: 600,
  },
  {
    name: 'conformance',
    tells: 'kubectl against the pocket cluster, or a real API server',
    files: ['test/conformance/**/*.test.ts'],
    isolated: true,
    concurrency: 2,
    timeoutSeconds: 360,
    onRealServer: true,
  },
  {
    name: 'e2e',
    tells: 'operator, scheduler pods and kubectl together',
    files: ['test/e2e/*.test.ts'],
    isolated: true,
    concurrency: 2,
    timeoutSeconds: 480,
    onRealServer: true,
  },
];

const root = path.resolve(import.meta.dirname, '..');

/** On this machine alone: pods get addresses there that a real server accepts. An existing cluster is reached as everybody reaches it. */
const startsRealServer = Boolean(process.env['KUBEBUILDER_ASSETS']) && !process.env['KUBECONFIG'];
const isOnRealServer = startsRealServer || Boolean(process.env['KUBECONFIG']);

/** No suite takes half as long on a slow machine; one that does hangs. */
const suiteLimitMs = (suite: Suite): number => patience(suite) * 25 * 60_000;

/** A real API server for each file, one after the other, takes longer. */
const patience = ({ onRealServer }: Suite): number => (onRealServer && startsRealServer ? 3 : 1);

/** A real API server for each file is enough work for one machine, and in one that is shared files would meet. */
const concurrencyOf = ({ concurrency, onRealServer }: Suite): number =>
  onRealServer && isOnRealServer ? 1 : concurrency;

async function runSuite(suite: Suite): Promise<Counts> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-counts-'));
  const countsFile = path.join(directory, 'counts.json');
  const command = [
    process.execPath,
    '--test',
    `--test-isolation=${suite.isolated ? 'process' : 'none'}`,
    ...(suite.isolated ? [`--test-concurrency=${String(concurrencyOf(suite))}`] : []),
    `--test-timeout=${String(patience(suite) * suite.timeoutSeconds * 1000)}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${path.join(root, 'test/support/count-reporter.ts')}`,
    `--test-reporter-destination=${countsFile}`,
    ...suite.files,
  ];
  const [program = '', ...args] =
    (suite.onRealServer && startsRealServer && inOwnNetwork(command)) || command;
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        timeout: suiteLimitMs(suite),
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        resolve(code ?? 1);
      });
    });
    const counts = readCounts(countsFile);
    // A runner that failed without a failing test (a crash, an import error, the limit) still failed.
    return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Nothing, when the runner was ended before it could write them. */
function readCounts(file: string): Counts {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text === '' ? { passed: 0, failed: 0, skipped: 0 } : (JSON.parse(text) as Counts);
}

function choose(names: readonly string[]): readonly Suite[] {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(
      `unknown suite '${unknown.join("', '")}'; there are: ${suites.map((s) => s.name).join(', ')}`,
    );
    process.exit(2);
  }
  return names.length === 0 ? suites : suites.filter((suite) => names.includes(suite.name));
}

const results: { suite: Suite; counts: Counts; seconds: number }[] = [];
for (const suite of choose(process.argv.slice(2))) {
  console.log(`\n== ${suite.name}: ${suite.tells}`);
  const started = performance.now();
  const counts = await runSuite(suite);
  results.push({ suite, counts, seconds: (performance.now() - started) / 1000 });
}

// On a real API server a test may have nothing to try; it says why. Here everything can be tried.
const skipsAllowed = isOnRealServer;

const total = { passed: 0, failed: 0, skipped: 0 };
console.log('\n== summary');
for (const { suite, counts, seconds } of results) {
  const empty = counts.passed + counts.failed + (skipsAllowed ? counts.skipped : 0) === 0;
  if (empty) console.log(`   ${suite.name}: ran no test, which counts as a failure`);
  console.log(
    `   ${suite.name.padEnd(12)} ${String(counts.passed).padStart(5)} passed ${String(counts.failed).padStart(4)} failed ` +
      `${String(counts.skipped).padStart(4)} skipped   ${seconds.toFixed(1)} s`,
  );
  total.passed += counts.passed;
  total.failed += counts.failed + (empty ? 1 : 0);
  total.skipped += counts.skipped;
}
if (total.skipped > 0 && !skipsAllowed) console.log('   a skipped test counts as a failure of the run');
console.log(
  `\n${String(total.passed)} passed, ${String(total.failed)} failed, ${String(total.skipped)} skipped`,
);
process.exitCode = total.failed === 0 && (total.skipped === 0 || skipsAllowed) ? 0 : 1;
