import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { Schema } from '../../../../operator/schema/schema.ts';
import { structuralErrors } from './structural.ts';

describe('structural schemas', () => {
  const refused = (schema: Schema): string[] =>
    structuralErrors(schema, 's', (text) => {
      if (text === 'bad') throw new Error('syntax');
    }).map(({ field, message }) => `${field}: ${message}`);

  it('need a type for every value', () => {
    assert.deepEqual(refused({ type: 'object', properties: { a: {} } }), [
      's.properties[a].type: Required value: must not be empty for specified object fields',
    ]);
  });

  it('need keys of keyed lists to be required or defaulted', () => {
    const items: Schema = { type: 'object', properties: { k: { type: 'string' } } };
    const list: Schema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items,
    };
    assert.match(refused(list)[0] ?? '', /^s\.items\.properties\[k\]\.default: Required value/);
    assert.deepEqual(refused({ ...list, items: { ...items, required: ['k'] } }), []);
  });

  it('need rules that compile', () => {
    assert.match(
      refused({ type: 'string', 'x-kubernetes-validations': [{ rule: 'bad' }] })[0] ?? '',
      /compilation failed/,
    );
  });
});
