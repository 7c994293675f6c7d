import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveInstanceId } from './instance-id.ts';

const host = { hostname: 'box 7', pid: 42, boot: '0123456789abcdef' };
const noPod = { name: undefined, index: undefined };
const pod = { name: 'lingua-1', index: '1' };

describe('the instance id', () => {
  it('is what the file says, trimmed', () => {
    assert.equal(resolveInstanceId(' scheduler-1 ', noPod, host), 'scheduler-1');
  });

  it('is made of host, pid and chance for "auto" or nothing', () => {
    for (const configured of ['auto', '', '  ']) {
      assert.equal(resolveInstanceId(configured, noPod, host), 'box-7-42-01234567');
    }
  });

  it('is the name of the pod for "auto" in a pod', () => {
    assert.equal(resolveInstanceId('auto', pod, host), 'lingua-1');
  });

  const refused: readonly [title: string, configured: string, where: typeof pod, expected: RegExp][] = [
    ["another pod's id", 'lingua-0', pod, /is not this pod's name "lingua-1"/],
    ['a pod whose name and index disagree', 'lingua-1', { name: 'lingua-1', index: '2' }, /does not end in/],
    [
      'an index that only looks like the end of the name',
      'lingua-11',
      { name: 'lingua-11', index: '1' },
      /does not end/,
    ],
  ];
  for (const [title, configured, where, expected] of refused) {
    it(`is refused for ${title}`, () => {
      assert.throws(() => resolveInstanceId(configured, where, host), expected);
    });
  }
});
