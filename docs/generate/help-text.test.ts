import assert from 'node:assert/strict';
import { it } from 'node:test';
import { blocksOf } from './help-text.ts';

it('help is sentences and lists; how the program is called is neither', () => {
  const help = `Usage: thing [flags]
       thing other FILE...   does the other thing

Does things
and more.

Flags:
  -n, --name NAME   whose things;
                    without it everybody's
  --help, --version
      --all         all of them

Ends.
`;
  assert.deepEqual(blocksOf(help), [
    { kind: 'list', heading: '', items: [{ term: 'thing other FILE...', text: 'does the other thing' }] },
    { kind: 'prose', text: 'Does things and more.' },
    {
      kind: 'list',
      heading: 'Flags',
      items: [
        { term: '-n, --name NAME', text: "whose things; without it everybody's" },
        { term: '--all', text: 'all of them' },
      ],
    },
    { kind: 'prose', text: 'Ends.' },
  ]);
});
