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
    runbookUrl: undefined,
    help: false,
    version: false,
  });
});

it('namespaces are repeated or listed, each once', () => {
  assert.deepEqual(parseFlags(['--namespace=a,b', '--namespace', 'b, c']).namespaces, ['a', 'b', 'c']);
});

it('the address of the runbooks has a place for the name of an alert', () => {
  const url = 'https://git.example.com/lingua/blob/main/docs/zh/runbooks/{alert}.md';
  assert.equal(parseFlags([`--runbook-url=${url}`]).runbookUrl, url);
  assert.equal(parseFlags(['--runbook-url=']).runbookUrl, undefined);
});

it('a wrong flag is named, with what is allowed', () => {
  const wrong: [string, RegExp][] = [
    ['--namespace=A_B', /--namespace .*'A_B'/],
    ['--namespace=', /--namespace/],
    ['--metrics-port=http', /--metrics-port must be a whole number from 0 to 65535/],
    ['--metrics-port=70000', /70000/],
    ['--concurrency=0', /from 1 to 64/],
    ['--leader-elect=maybe', /true or false/],
    ['--runbook-url=docs/runbooks/{alert}.md', /--runbook-url must be an address/],
    ['--runbook-url=https://git.example.com/runbooks', /\{alert\}/],
    ['--runbook-url=https://git.example.com/{{ $labels.pod }}/{alert}', /--runbook-url/],
    ['--nonsense', /--nonsense/],
    ['stray', /stray/],
  ];
  for (const [flag, message] of wrong) assert.throws(() => parseFlags([flag]), { code: 'config', message });
});
