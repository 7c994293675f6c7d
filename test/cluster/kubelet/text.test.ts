import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AddressPool, loopbackRange, testRange } from './addresses.ts';
import { expand } from './expand.ts';
import { imageCommand } from './images.ts';
import { rewritePaths } from './mounts.ts';
import { quantity } from './quantity.ts';

describe('variable expansion', () => {
  const variables = { A: 'one', B: 'two', EMPTY: '' };

  it('replaces known names, leaves unknown ones, and unescapes $$', () => {
    assert.equal(expand('$(A)-$(B)', variables), 'one-two');
    assert.equal(expand('$(NOPE)/$(EMPTY)/', variables), '$(NOPE)//');
    assert.equal(expand('$$(A) $$$(A) $A ${A} $', variables), '$(A) $one $A ${A} $');
  });

  it('does not expand what it has put in', () => {
    assert.equal(expand('$(X)', { X: '$(A)', A: 'no' }), '$(A)');
  });
});

describe('mount paths', () => {
  const mounts = [
    { mountPath: '/etc/lingua', realPath: '/tmp/v/lingua' },
    { mountPath: '/etc/lingua/admin/', realPath: '/tmp/v/admin' },
  ];
  const cases: [string, string][] = [
    ['/etc/lingua', '/tmp/v/lingua'],
    ['--config=/etc/lingua/a.toml', '--config=/tmp/v/lingua/a.toml'],
    ['/etc/lingua/admin/token', '/tmp/v/admin/token'],
    ['/etc/lingua:/etc/lingua/admin', '/tmp/v/lingua:/tmp/v/admin'],
    ['file:///etc/lingua/x', 'file:///etc/lingua/x'],
    ['/etc/lingua2/x', '/etc/lingua2/x'],
    ['/etc/lingua.d', '/etc/lingua.d'],
    ['/my/etc/lingua', '/my/etc/lingua'],
    ['cat "/etc/lingua/x"', 'cat "/tmp/v/lingua/x"'],
  ];
  for (const [text, wanted] of cases) {
    it(`turns ${text} into ${wanted}`, () => {
      assert.equal(rewritePaths(text, mounts), wanted);
    });
  }

  it('take no character of a path for a pattern', () => {
    assert.equal(rewritePaths('/axb', [{ mountPath: '/a.b', realPath: '/r' }]), '/axb');
  });
});

describe('images', () => {
  const images = { 'lingua-scheduler:dev': ['a'], 'lingua-scheduler': ['b'], 'host:5000/x/y': ['c'] };

  it('are found by their full name first, then without tag or digest', () => {
    assert.deepEqual(imageCommand(images, 'lingua-scheduler:dev'), ['a']);
    assert.deepEqual(imageCommand(images, 'lingua-scheduler:v2'), ['b']);
    assert.deepEqual(imageCommand(images, 'lingua-scheduler@sha256:00'), ['b']);
    assert.deepEqual(imageCommand(images, 'host:5000/x/y:1'), ['c']);
    assert.equal(imageCommand(images, 'host:5000/x/z'), undefined);
  });
});

describe('quantities', () => {
  it('are read with their suffixes', () => {
    assert.deepEqual(['250m', '1', '1Gi', '128Mi', '1.5k', '2e3'].map(quantity), [
      0.25,
      1,
      2 ** 30,
      2 ** 27,
      1500,
      2000,
    ]);
    assert.ok(Number.isNaN(quantity('a')));
    assert.ok(Number.isNaN(quantity('1Zz')));
  });
});

describe('pod addresses', () => {
  it('lie in 127.64.0.0/10, or in 198.18.0.0/15', () => {
    const ends = [loopbackRange, testRange].map(({ prefix, networks }) => [prefix(0), prefix(networks - 1)]);
    assert.deepEqual(ends, [
      ['127.64.0', '127.127.255'],
      ['198.18.0', '198.19.255'],
    ]);
  });

  it('are never given to two pods at once, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20)), { maxLength: 300 }), (steps) => {
        const pool = new AddressPool('127.64.0');
        const held: string[] = [];
        for (const step of steps) {
          if (step !== null && step < held.length) pool.release(held.splice(step, 1)[0]!);
          else if (held.length < 253) held.push(pool.take());
          assert.equal(new Set(held).size, held.length);
          assert.ok(!held.includes(pool.nodeAddress));
        }
      }),
    );
  });

  it('run out loudly', () => {
    const pool = new AddressPool('127.64.0');
    for (let taken = 0; taken < 253; taken++) pool.take();
    assert.throws(() => pool.take(), { code: 'unavailable' });
  });
});
