import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { Json } from './json.ts';
import type { Schema } from './schema.ts';
import { applySchemaDefaults } from './defaults.ts';
import { schemaErrors, uniquenessErrors } from './values.ts';

const said = (schema: Schema, value: Json, old?: Json): string[] =>
  schemaErrors(value, schema, { path: 'spec.x', old }).map(({ field, message }) => `${field}: ${message}`);

/** schema, value, the one fault */
const faults: readonly (readonly [Schema, Json, string])[] = [
  [
    { type: 'integer', maximum: 64 },
    100,
    'Invalid value: 100: spec.x in body should be less than or equal to 64',
  ],
  [
    { type: 'integer', minimum: 1 },
    0,
    'Invalid value: 0: spec.x in body should be greater than or equal to 1',
  ],
  [
    { type: 'number', minimum: 1, exclusiveMinimum: true },
    1,
    'Invalid value: 1: spec.x in body should be greater than 1',
  ],
  [
    { type: 'number', multipleOf: 0.5 },
    0.3,
    'Invalid value: 0.3: spec.x in body should be a multiple of 0.5',
  ],
  [{ type: 'integer' }, '3', 'Invalid value: "string": spec.x in body must be of type integer: "string"'],
  [{ type: 'integer', format: 'int32' }, true, 'Invalid value: "": spec.x in body must be of type int32: ""'],
  [{ type: 'string' }, 5, 'Invalid value: "integer": spec.x in body must be of type string: "integer"'],
  [{ type: 'boolean' }, 'yes', 'Invalid value: "string": spec.x in body must be of type boolean: "string"'],
  [{ type: 'array' }, {}, 'Invalid value: "object": spec.x in body must be of type array: "object"'],
  [{ type: 'string' }, null, 'Invalid value: "null": spec.x in body must be of type string: "null"'],
  [
    { 'x-kubernetes-int-or-string': true },
    true,
    'Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"',
  ],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', 'Unsupported value: "c": supported values: "a", "b"'],
  [{ type: 'string', maxLength: 3 }, 'abcd', 'Too long: may not be more than 3 bytes'],
  [{ type: 'string', minLength: 1 }, '', 'Invalid value: "": spec.x in body should be at least 1 chars long'],
  [{ type: 'string', pattern: '^a+$' }, 'b', 'Invalid value: "b": spec.x in body should match \'^a+$\''],
  [
    { type: 'string', format: 'date-time' },
    'noon',
    'Invalid value: "noon": spec.x in body must be of type date-time: "noon"',
  ],
  [{ type: 'array', maxItems: 1 }, [1, 2], 'Too many: 2: must have at most 1 items'],
  [{ type: 'object', maxProperties: 0 }, { a: 1 }, 'Too many: 1: must have at most 0 items'],
];

describe('schema validation', () => {
  for (const [schema, value, fault] of faults) {
    it(`of ${JSON.stringify(value)} by ${JSON.stringify(schema)} says it as the API does`, () => {
      assert.deepEqual(said(schema, value), [`spec.x: ${fault}`]);
    });
  }

  it('names the missing field, not its parent', () => {
    assert.deepEqual(said({ type: 'object', required: ['a'] }, {}), ['spec.x.a: Required value']);
  });

  it('allows null only where it is declared', () => {
    assert.deepEqual(said({ type: 'string', nullable: true }, null), []);
  });

  it('does not judge an unchanged part again, wherever it is', () => {
    const schema: Schema = {
      type: 'object',
      properties: { a: { type: 'integer', maximum: 3 }, b: { type: 'integer' } },
    };
    assert.deepEqual(said(schema, { a: 9, b: 1 }, { a: 9, b: 0 }), []);
    assert.equal(said(schema, { a: 8, b: 1 }, { a: 9, b: 0 }).length, 1);
  });

  it('counts characters, not code units', () => {
    assert.deepEqual(said({ type: 'string', maxLength: 1 }, '😀'), []);
  });

  it('finds doubled members of sets and doubled keys', () => {
    const list = (type: 'set' | 'map'): Schema => ({
      type: 'array',
      'x-kubernetes-list-type': type,
      'x-kubernetes-list-map-keys': ['n', 'p'],
      items: { type: 'object', properties: { p: { type: 'string', default: 'TCP' } } },
    });
    const of = (value: Json, schema: Schema): string[] =>
      uniquenessErrors(value, undefined, schema, 'l').map(({ field, message }) => `${field}: ${message}`);
    assert.deepEqual(of(['a', 'b', 'a'], list('set')), ['l[2]: Duplicate value: "a"']);
    assert.deepEqual(of([{ n: 1 }, { n: 1, p: 'TCP' }], list('map')), [
      'l[1]: Duplicate value: {"n":1,"p":"TCP"}',
    ]);
    assert.deepEqual(of([{ n: 1 }, { n: 1, p: 'UDP' }], list('map')), []);
  });
});

describe('a number outside its format', () => {
  it('is told besides the wrong type, and without the field', () => {
    const range =
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.x';
    const schema: Schema = { type: 'integer', format: 'int32' };
    assert.deepEqual(said(schema, 2 ** 31), [range]);
    assert.deepEqual(said(schema, 1.5), [
      'spec.x: Invalid value: "float64": spec.x in body must be of type int32: "float64"',
      range,
    ]);
  });
});

describe('schema defaults', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { type: 'integer', default: 1 },
      b: { type: 'object', default: {}, properties: { c: { type: 'string', default: 'x' } } },
      d: { type: 'object', properties: { e: { type: 'integer', default: 2 } } },
      n: { type: 'string', nullable: true, default: 'set' },
      l: { type: 'array', items: { type: 'object', properties: { f: { type: 'integer', default: 3 } } } },
    },
  };
  const filled = (value: Json): Json => {
    applySchemaDefaults(value, schema);
    return value;
  };

  it('fill what is absent, also inside a default, and never inside what is absent without one', () => {
    assert.deepEqual(filled({}), { a: 1, b: { c: 'x' }, n: 'set' });
  });

  it('fill objects that are there, item by item', () => {
    assert.deepEqual(filled({ d: {}, l: [{}, { f: 9 }], n: 'y' }), {
      a: 1,
      b: { c: 'x' },
      d: { e: 2 },
      l: [{ f: 3 }, { f: 9 }],
      n: 'y',
    });
  });

  it('replace null only where null is not allowed', () => {
    assert.deepEqual(filled({ a: null, n: null, d: null }), { a: 1, b: { c: 'x' }, n: null });
  });
});
