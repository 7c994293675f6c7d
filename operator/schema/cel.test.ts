import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { Json } from './json.ts';
import type { Schema, ValidationRule } from './schema.ts';
import { ruleErrors } from './cel.ts';

const integer = (...rules: ValidationRule[]): Schema => ({
  type: 'integer',
  'x-kubernetes-validations': rules,
});

const said = (schema: Schema, value: Json, old?: Json): string[] =>
  ruleErrors(value, old, schema, 'spec').map(({ field, message }) => `${field}: ${message}`);

describe('validation rules', () => {
  it('see integers as integers, so that arithmetic with literals works', () => {
    assert.deepEqual(said(integer({ rule: 'self + 1 > 3 && self % 2 == 1' }), 3), []);
    assert.deepEqual(said(integer({ rule: 'self * 2 == 7' }), 3), [
      'spec: Invalid value: 3: failed rule: self * 2 == 7',
    ]);
  });

  it('see numbers as doubles even when they are whole', () => {
    assert.deepEqual(
      said({ type: 'number', 'x-kubernetes-validations': [{ rule: 'self / 2.0 == 1.5' }] }, 3),
      [],
    );
  });

  it('show scalars in the error and leave out whole objects', () => {
    const schema: Schema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'has(self.a)', message: 'a is needed' }],
    };
    assert.deepEqual(said(schema, {}), ['spec: Invalid value: a is needed']);
  });

  it('compare with the old value on update only', () => {
    const fixed = integer({ rule: 'self == oldSelf', message: 'is immutable' });
    assert.deepEqual(said(fixed, 4), []);
    assert.deepEqual(said(fixed, 4, 4), []);
    assert.deepEqual(said(fixed, 5, 4), ['spec: Invalid value: 5: is immutable']);
  });

  it('run transition rules on create when oldSelf is optional', () => {
    const rule = { rule: 'oldSelf.hasValue() || self == 1', message: 'starts at 1', optionalOldSelf: true };
    assert.deepEqual(said(integer(rule), 2), ['spec: Invalid value: 2: starts at 1']);
    assert.deepEqual(said(integer(rule), 2, 1), []);
  });

  it('find the old item of a keyed list by its key, wherever it stood', () => {
    const schema: Schema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          n: integer({ rule: 'self >= oldSelf', message: 'only grows' }),
        },
      },
    };
    const old = [
      { name: 'a', n: 5 },
      { name: 'b', n: 1 },
    ];
    assert.deepEqual(
      said(
        schema,
        [
          { name: 'b', n: 2 },
          { name: 'a', n: 4 },
        ],
        old,
      ),
      ['spec[1].n: Invalid value: 4: only grows'],
    );
  });

  it('do not find old items in lists without keys', () => {
    const schema: Schema = { type: 'array', items: integer({ rule: 'self >= oldSelf' }) };
    assert.deepEqual(said(schema, [1], [2]), []);
  });

  it('let a value pass that already broke the rule and did not change', () => {
    const rule = integer({ rule: 'self < 3' });
    const schema: Schema = { type: 'object', properties: { a: rule, b: { type: 'integer' } } };
    assert.deepEqual(said(schema, { a: 9, b: 2 }, { a: 9, b: 1 }), []);
    assert.equal(said(schema, { a: 8, b: 2 }, { a: 9, b: 1 }).length, 1);
  });

  it('put reason and field where the rule says', () => {
    const schema: Schema = {
      type: 'object',
      'x-kubernetes-validations': [
        { rule: 'false', message: 'no', reason: 'FieldValueForbidden', fieldPath: '.url' },
      ],
    };
    assert.deepEqual(said(schema, {}), ['spec.url: Forbidden: no']);
  });

  it('say what the message expression says, or the message when that fails', () => {
    const loud = integer({ rule: 'self > 3', message: 'static', messageExpression: '"got " + string(self)' });
    assert.deepEqual(said(loud, 2), ['spec: Invalid value: 2: got 2']);
    const broken = integer({ rule: 'self > 3', message: 'static', messageExpression: 'self.nothing' });
    assert.deepEqual(said(broken, 2), ['spec: Invalid value: 2: static']);
  });

  it('count a rule that cannot be evaluated as broken', () => {
    const schema: Schema = {
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'self.missing == 1', message: 'm' }],
    };
    assert.deepEqual(said(schema, {}), ['spec: Invalid value: no such key: missing evaluating rule: m']);
  });

  it('read times and durations as such', () => {
    const schema: Schema = {
      type: 'string',
      format: 'duration',
      'x-kubernetes-validations': [{ rule: 'self >= duration("1s")', message: 'too short' }],
    };
    assert.deepEqual(said(schema, '2s'), []);
    assert.deepEqual(said(schema, '500ms'), ['spec: Invalid value: "500ms": too short']);
  });

  it('reach fields whose names are no identifiers', () => {
    const schema: Schema = {
      type: 'object',
      properties: { 'a-b': { type: 'integer' }, if: { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: 'self.a__dash__b == self.__if__', message: 'differ' }],
    };
    assert.deepEqual(said(schema, { 'a-b': 1, if: 1 }), []);
    assert.deepEqual(said(schema, { 'a-b': 1, if: 2 }), ['spec: Invalid value: differ']);
  });

  it('see keys of a map as they are written', () => {
    const schema: Schema = {
      type: 'object',
      additionalProperties: { type: 'string' },
      'x-kubernetes-validations': [
        { rule: "self.all(key, key.startsWith('a-b.c/'))", message: 'not of ours' },
      ],
    };
    assert.deepEqual(said(schema, { 'a-b.c/d': 'x' }), []);
    assert.deepEqual(said(schema, { 'b.c/d': 'x' }), ['spec: Invalid value: not of ours']);
  });

  it('know the extra functions of the API server', () => {
    const text = (rule: string): Schema => ({
      type: 'string',
      'x-kubernetes-validations': [{ rule, message: 'no' }],
    });
    assert.deepEqual(said(text('quantity(self).isGreaterThan(quantity("1Gi"))'), '2Gi'), []);
    assert.deepEqual(said(text('isURL(self)'), 'nope'), ['spec: Invalid value: "nope": no']);
    assert.deepEqual(said(text('self.replace("a", "b") == "bbb"'), 'aba'), []);
    assert.deepEqual(
      said(
        {
          type: 'array',
          items: { type: 'integer' },
          'x-kubernetes-validations': [{ rule: 'self.isSorted()' }],
        },
        [1, 3, 2],
      ).length,
      1,
    );
  });
});
