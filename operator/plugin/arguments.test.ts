import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAppError } from '../../common/errors.ts';
import { readArguments, type Asked } from './arguments.ts';
import { commandNames } from './commands.ts';

const asked = (...args: string[]): Asked => {
  const read = readArguments(args);
  assert.equal(read.kind, 'command');
  return read;
};

const refusal = (...args: string[]): string => {
  try {
    readArguments(args);
  } catch (error) {
    assert.equal(toAppError(error).code, 'config');
    return toAppError(error).message;
  }
  return assert.fail(`'${args.join(' ')}' is taken`);
};

describe('the command line', () => {
  it('has flags before and after operands, long and short', () => {
    const { command, operands, connection, format } = asked(
      'status',
      '-n',
      'speech',
      'demo',
      '--context=c',
      '-o',
      'yaml',
    );
    assert.equal(command, 'status');
    assert.deepEqual(operands, ['demo']);
    assert.deepEqual(connection, ['--namespace=speech', '--context=c']);
    assert.equal(format, 'yaml');
  });

  it('hands repeated groups on', () => {
    assert.deepEqual(asked('pause', '--as', 'me', '--as-group', 'a', '--as-group=b').connection, [
      '--as=me',
      '--as-group=a',
      '--as-group=b',
    ]);
  });

  it('takes a number below zero for a value', () => {
    assert.equal(asked('logs', '--tail', '-1', '-f').values.tail, '-1');
    assert.equal(asked('logs', '--tail=-1').values.tail, '-1');
  });

  const wrong: readonly [args: readonly string[], says: RegExp][] = [
    [['restart'], /no command restart\nThere are: status, /],
    [['-n', 'speech', 'status'], /-n must follow a command/],
    [['status', '--folow'], /status does not know --folow\nSee kubectl lingua status --help/],
    [['pause', '-o', 'json'], /pause does not know -o/],
    [['status', '-o', 'wide'], /must be one of json, yaml, not wide/],
    [['status', '-n'], /-n needs a value/],
    [['status', '-n', '--context'], /-n needs a value/],
    [['logs', '--follow=yes'], /--follow takes no value/],
    [['logs', '--tail', 'ten'], /--tail must be a whole number from -1/],
    [['pause', 'a', 'b'], /pause does not take b/],
  ];
  for (const [args, says] of wrong)
    it(`refuses: ${args.join(' ')}`, () => {
      assert.match(refusal(...args), says);
    });
});

describe('--help', () => {
  for (const command of commandNames)
    it(`of ${command} has examples, and lines that fit`, () => {
      const help = readArguments([command, '--help']);
      assert.equal(help.kind, 'help');
      assert.match(help.text, new RegExp(`^Usage: kubectl lingua ${command}`));
      assert.match(help.text, new RegExp(`\\n  kubectl lingua ${command}`));
      assert.ok(help.text.split('\n').every((line) => line.length <= 130));
    });

  it('without a command lists all of them', () => {
    for (const args of [[], ['--help'], ['help']]) {
      const help = readArguments(args);
      assert.ok(help.kind === 'help' && commandNames.every((name) => help.text.includes(`\n  ${name} `)));
    }
  });
});
