/**
 * Lint rules. Besides the strict type-aware set there are the rules that keep the shape of the project:
 * who may import whom, where time and chance enter, and how long a function may grow.
 */
import tseslint from 'typescript-eslint';

const imports = (...patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns }],
});

/** The two programs never import each other; what they agree on is data in common/. */
const notOperator = { regex: '(^|/)operator/', message: 'scheduler/ and operator/ share only common/.' };
const notScheduler = { regex: '(^|/)scheduler/', message: 'operator/ and scheduler/ share only common/.' };
const notPrograms = { regex: '(^|/)(operator|scheduler)/', message: 'common/ knows neither program.' };
/** What carries messages knows nothing of who acts on them; `hint-handler.ts` and `instance.ts` bring them together. */
const notActors = {
  regex: '^\\.\\./(\\.\\./)*(desk|floor|surfaces|tools|instance|hint-handler|drain|loops|start)\\b',
  message: 'config, edge, fleet, probe, protocol and store know neither desk nor floor.',
};
const notTest = { regex: '(^|/)test/', message: 'product code never imports test code.' };
const notRealTime = {
  regex: 'clock-system',
  message: 'take a Clock or Random as a parameter; main.ts passes it.',
};
/** Types of a vendor's objects are only shapes; a pure file may name them. */
const notVendors = {
  allowTypeImports: true,
  regex: '^(ioredis|ws|undici|@kubernetes/client-node|pino|prom-client|node:)',
  message: 'a pure decision imports types and other pure files only.',
};

/** Decisions: same input, same answer. No I/O, no clock, no chance, no await. */
const pure = [
  'operator/resources/**/*.ts',
  'operator/decide/**/*.ts',
  'operator/plugin/text/**/*.ts',
  'operator/plugin/report/{redact,tar}.ts',
  'operator/plugin/{commands,events,failures,help,judge,target}.ts',
  'scheduler/decide/**/*.ts',
  'common/backoff.ts',
];

/** The only files that may touch the process, the environment and the real clock. */
const mains = [
  'operator/main.ts',
  'operator/plugin/main.ts',
  'scheduler/main.ts',
  'common/signals.ts',
  'common/clock-system.ts',
];

const ambient = {
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'take a Clock.' },
    { object: 'performance', property: 'now', message: 'take a Clock.' },
    { object: 'Math', property: 'random', message: 'take a Random.' },
    { object: 'process', property: 'env', message: 'main.ts reads the environment and passes values.' },
    { object: 'process', property: 'exit', message: 'main.ts decides when the process ends.' },
    { object: 'process', property: 'on', message: 'main.ts and common/signals.ts listen to the process.' },
  ],
  'no-restricted-globals': [
    'error',
    { name: 'setTimeout', message: 'take a Clock.' },
    { name: 'setInterval', message: 'take a Clock.' },
    { name: 'fetch', message: 'go through the adapter that owns the connection pool.' },
  ],
};

const size = {
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 14],
  'max-depth': ['error', 4],
  'max-params': ['error', 5],
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['describe', 'it', 'suite', 'test', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      eqeqeq: 'error',
      ...size,
    },
  },
  { files: ['common/**/*.ts'], rules: { ...ambient, ...imports(notPrograms, notTest, notRealTime) } },
  { files: ['operator/**/*.ts'], rules: { ...ambient, ...imports(notScheduler, notTest, notRealTime) } },
  { files: ['scheduler/**/*.ts'], rules: { ...ambient, ...imports(notOperator, notTest, notRealTime) } },
  {
    files: ['scheduler/{config,edge,fleet,probe,protocol,store}/**/*.ts'],
    rules: { ...ambient, ...imports(notOperator, notActors, notTest, notRealTime) },
  },
  { files: pure, rules: { ...ambient, ...imports(notVendors, notTest, notRealTime) } },
  {
    files: mains,
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-globals': 'off',
      '@typescript-eslint/no-restricted-imports': 'off',
    },
  },
  {
    // Tests may reach across and read the clock; a test file tells many short stories in one long describe.
    files: [
      '**/*.test.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
      'crds/**/*.ts',
      'docs/**/*.ts',
      'manifests/**/*.ts',
      'monitoring/**/*.ts',
      'build.ts',
      'sbom.ts',
    ],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-globals': 'off',
      '@typescript-eslint/no-restricted-imports': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
