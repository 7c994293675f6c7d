import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOptions } from './options.ts';
import { systems } from './systems/catalog.ts';

describe('bench options', () => {
  it('measure everything and write the results by default', () => {
    const options = readOptions([]);
    assert.deepEqual(options.systems, systems);
    assert.deepEqual(options.inFlight, [1, 16, 256]);
    assert.equal(options.out, 'bench/results.md');
  });

  it('never replace the kept results with those of a quick run unless told where to write', () => {
    assert.equal(readOptions(['--quick']).out, '');
    assert.equal(readOptions(['--quick', '--out', 'x.md']).out, 'x.md');
  });

  it('refuse an unknown system and name the known ones', () => {
    assert.throws(
      () => readOptions(['--systems', 'lingua,lingau']),
      /no system 'lingau'; there are: lingua, /,
    );
  });

  for (const wrong of ['0', '-1', '1.5', 'many', '', '1e9']) {
    it(`refuse '${wrong}' rounds`, () => {
      assert.throws(() => readOptions([`--rounds=${wrong}`]), /--rounds: /);
    });
  }
});
