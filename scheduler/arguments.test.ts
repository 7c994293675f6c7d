import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppError } from '../common/errors.ts';
import { readArguments } from './arguments.ts';

const refusal = (...args: string[]): string => {
  try {
    readArguments(args);
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'config');
    return error.message;
  }
  throw new Error(`${args.join(' ')} was accepted`);
};

describe('the command line', () => {
  it('runs an instance, with and without saying so', () => {
    const run = { kind: 'run', config: 'c.toml' };
    assert.deepEqual(readArguments(['--config', 'c.toml']), run);
    assert.deepEqual(readArguments(['run', '--config=c.toml']), run);
    assert.deepEqual(readArguments([]), { kind: 'run', config: undefined });
  });

  it('takes files, entries and flags in any order', () => {
    assert.deepEqual(readArguments(['check-config', 'a', '--json', 'b']), {
      kind: 'check-config',
      files: ['a', 'b'],
      json: true,
    });
    const asked = readArguments([
      'dlq',
      'replay',
      '1-0',
      '--instance',
      'a',
      '2-1',
      '--to',
      'b',
      '--limit',
      '5',
    ]);
    assert.ok(asked.kind === 'dlq');
    assert.deepEqual(asked.request, {
      action: 'replay',
      instance: 'a',
      to: 'b',
      entries: ['1-0', '2-1'],
      all: false,
      limit: 5,
      yes: false,
    });
  });

  it('explains itself, and each command', () => {
    for (const args of [['--help'], ['-h'], ['help'], ['run', '--help']]) {
      const help = readArguments(args);
      assert.ok(help.kind === 'help');
      for (const part of ['check-config', 'doctor', 'dlq replay', 'exit codes', 'LOG_FORMAT'])
        assert.ok(help.text.includes(part), part);
    }
    const help = readArguments(['dlq', '--help']);
    assert.ok(help.kind === 'help' && help.text.includes('--yes') && !help.text.includes('POD_NAME'));
  });

  const mistakes: readonly [args: string[], expected: RegExp][] = [
    [['docter'], /no command "docter"; did you mean doctor\?/],
    [['dlq', 'lst'], /no command "dlq lst"; did you mean dlq list\?/],
    [['dlq'], /dlq needs one of list, show, replay, drop/],
    [['--confg', 'x'], /run does not know --confg; did you mean --config\?/],
    [['doctor', '--yes'], /doctor does not know --yes/],
    [['--config'], /--config needs a value/],
    [['--config', '--json'], /--config needs a value/],
    [['--config='], /--config needs a value/],
    [['doctor', '--json=1'], /--json takes no value/],
    [['check-config'], /check-config needs FILE/],
    [['doctor', 'x'], /doctor does not take "x"/],
    [['run', 'x'], /run does not take "x"/],
    [['dlq', 'drop'], /either entry ids or --all/],
    [['dlq', 'drop', '1-1', '--all'], /either entry ids or --all/],
    [['dlq', 'replay', '1-1'], /needs --instance with entry ids/],
    [['dlq', 'show', '1-1; FLUSHALL'], /takes entry ids as dlq list prints them/],
    [['dlq', 'list', '--limit', '0'], /--limit must be a number from 1 to 10000/],
    [['dlq', 'list', '--limit', '1e3x'], /--limit must be a number/],
    [['constructor'], /there is no command "constructor"/],
    [['dlq list'], /there is no command "dlq list"/],
  ];
  for (const [args, expected] of mistakes) {
    it(`refuses ${JSON.stringify(args.join(' '))}`, () => {
      assert.match(refusal(...args), expected);
    });
  }
});
