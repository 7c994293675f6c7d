import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { decodeProtobuf } from './decode.ts';

/** One field of the wire format: a number, or bytes. */
function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

const message = (...fields: Buffer[]): Buffer => Buffer.concat(fields);

const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  message(Buffer.from('k8s\0'), field(1, message(field(1, apiVersion), field(2, kind))), field(2, raw));

describe('the protobuf of kubectl', () => {
  it('becomes the object it stands for, without the zeros that mean "not set"', () => {
    const meta = message(
      field(1, 'cm'),
      field(2, ''),
      field(3, 'n'),
      field(7, 0),
      field(8, ''),
      field(11, message(field(1, 'k'), field(2, 'v'))),
    );
    const raw = message(
      field(1, meta),
      field(2, message(field(1, 'a'), field(2, '1'))),
      field(2, message(field(1, 'b'), field(2, ''))),
    );
    assert.deepEqual(decodeProtobuf(envelope('v1', 'ConfigMap', raw)), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'cm', namespace: 'n', labels: { k: 'v' } },
      data: { a: '1', b: '' },
    });
  });

  it('keeps a zero that says something', () => {
    const raw = message(field(2, message(field(1, 0))));
    assert.deepEqual(decodeProtobuf(envelope('apps/v1', 'Deployment', raw)), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      spec: { replicas: 0 },
    });
  });

  it('passes over fields it does not know', () => {
    const raw = message(field(1, field(1, 'x')), field(15, 'later'), field(14, 1));
    assert.deepEqual(decodeProtobuf(envelope('v1', 'ServiceAccount', raw)), {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'x' },
    });
  });

  it('is refused when it is cut short, and not taken for something else', () => {
    const whole = envelope('v1', 'ConfigMap', field(1, field(1, 'cm')));
    assert.throws(() => decodeProtobuf(whole.subarray(0, -1)), { code: 400 });
    assert.equal(decodeProtobuf(Buffer.from('{"kind":"ConfigMap"}')), undefined);
    assert.equal(decodeProtobuf(envelope('v1', 'Unheard', Buffer.alloc(0))), undefined);
  });
});
