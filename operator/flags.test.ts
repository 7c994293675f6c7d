import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseFlags } from './flags.ts';

it('without flags it looks after all namespaces, and takes part in the election', () => {
  assert.deepEqual(parseFlags([]), {
    namespaces: [],
    metricsPort: 8080,
    leaderElect: true,
    leaderNamespace: undefined,
    kubeconfig: undefined,
    concurrency: 4,
    help: false,
    version: false,
  });
});

it('namespaces are repeated or listed, each once', () => {
  assert.deepEqual(parseFlags(['--namespace=a,b', '--namespace', 'b, c']).namespaces, ['a', 'b', 'c']);
});

it('a wrong flag is named, with what is allowed', () => {
  const wrong: [string, RegExp][] = [
    ['--namespace=A_B', /--namespace .*'A_B'/],
    ['--namespace=', /--namespace/],
    ['--metrics-port=http', /--metrics-port must be a whole number from 0 to 65535/],
    ['--metrics-port=70000', /70000/],
    ['--concurrency=0', /from 1 to 64/],
    ['--leader-elect=maybe', /true or false/],
    ['--nonsense', /--nonsense/],
    ['stray', /stray/],
  ];
  for (const [flag, message] of wrong) assert.throws(() => parseFlags([flag]), { code: 'config', message });
});
