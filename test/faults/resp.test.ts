import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readCommand } from './commands.ts';
import { rewriteAddresses } from './cluster-addresses.ts';
import {
  encodeReply,
  errorText,
  isEmptyReply,
  replyValue,
  requestWords,
  RespReader,
  type RespValue,
} from './resp.ts';

const request = (...words: string[]) =>
  Buffer.from(
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
  );

const value: fc.Arbitrary<RespValue> = fc.letrec<{ value: RespValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
  ),
})).value;

describe('the Redis protocol reader', () => {
  test('finds the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (values, step) => {
        const bytes = Buffer.concat(values.map(encodeReply));
        const reader = new RespReader();
        const frames: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += step)
          frames.push(...reader.push(bytes.subarray(at, at + step)));
        assert.deepEqual(frames.map(replyValue), values);
      }),
      { numRuns: 300 },
    );
  });

  test('reads the types of version 3 as frames of their own', () => {
    const frames = [
      '%2\r\n+server\r\n$5\r\nredis\r\n+proto\r\n:3\r\n',
      '~2\r\n:1\r\n#t\r\n',
      '>2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n',
      '|1\r\n+ttl\r\n:3\r\n$2\r\nhi\r\n',
      '=7\r\ntxt:abc\r\n',
      '!9\r\nERR wrong\r\n',
      ',3.25\r\n',
      '(12345678901234567890\r\n',
      '_\r\n',
    ];
    const read = new RespReader().push(Buffer.from(frames.join('')));
    assert.deepEqual(read.map(String), frames);
  });

  test('reads the words of a request, with binary in them, and of an inline command', () => {
    assert.deepEqual(requestWords(request('SET', 'k', 'a\r\n$1')).map(String), ['SET', 'k', 'a\r\n$1']);
    assert.deepEqual(requestWords(Buffer.from('PING now\r\n')).map(String), ['PING', 'now']);
  });

  test('knows an empty reply from one that brings something', () => {
    for (const empty of ['*-1\r\n', '$-1\r\n', '_\r\n', '*0\r\n'])
      assert.ok(isEmptyReply(Buffer.from(empty)), empty);
    for (const full of ['*1\r\n$1\r\na\r\n', ':0\r\n', '+OK\r\n'])
      assert.ok(!isEmptyReply(Buffer.from(full)), full);
    assert.equal(errorText(Buffer.from('-NOSCRIPT no\r\n')), 'NOSCRIPT no');
  });
});

describe('the name of a command', () => {
  const scripts = new Map([
    ['abc', 'accept'],
    ['2067d915024a3e1657c4169c84f809f8ebdb6afe', 'one'],
  ]);

  test('is that of its script, by hash and by text', () => {
    const { name, key } = readCommand(request('evalsha', 'ABC', '1', 'some:key'), scripts);
    assert.deepEqual([name, key], ['script:accept', 'some:key']);
    assert.match(readCommand(request('EVALSHA', 'fedcba987654321', '0'), scripts).name, /^script:fedcba98$/);
    assert.equal(
      readCommand(
        request('EVAL', 'return 1', '0'),
        new Map([['e0e1f9fabfc9d4800c877a703b823ac0578ff8db', 'one']]),
      ).name,
      'script:one',
    );
  });

  test('comes with the key wherever the command puts it', () => {
    assert.equal(
      readCommand(request('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'inbox', '>'), scripts).key,
      'inbox',
    );
    assert.equal(readCommand(request('XGROUP', 'CREATE', 'inbox', 'g', '0'), scripts).key, 'inbox');
    assert.equal(readCommand(request('HGET', 'job', 'state'), scripts).key, 'job');
  });
});

describe('addresses of a cluster', () => {
  const rewrite = rewriteAddresses(
    new Map([
      [7001, 9001],
      [7002, 9002],
    ]),
  );
  const cluster = (topic: string) => readCommand(request('CLUSTER', topic), new Map());

  test('are those of the proxies in slots, shards and nodes', () => {
    const slots = encodeReply([
      [0, 7001, ['127.0.0.1', 7001, 'id-1', []]],
      [7002, 16383, ['127.0.0.1', 7002, 'id-2', []]],
    ]);
    assert.deepEqual(replyValue(rewrite(cluster('SLOTS'), slots)), [
      [0, 7001, ['127.0.0.1', 9001, 'id-1', []]],
      [7002, 16383, ['127.0.0.1', 9002, 'id-2', []]],
    ]);
    const shards = encodeReply([
      ['slots', [0, 7001], 'nodes', [['id', 'x', 'port', 7001, 'ip', '127.0.0.1']]],
    ]);
    assert.deepEqual(replyValue(rewrite(cluster('SHARDS'), shards)), [
      ['slots', [0, 7001], 'nodes', [['id', 'x', 'port', 9001, 'ip', '127.0.0.1']]],
    ]);
    const nodes = encodeReply(
      'id1 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-5460\nid2 127.0.0.1:7002@17002 master',
    );
    assert.match(
      rewrite(cluster('NODES'), nodes).toString(),
      /127\.0\.0\.1:9001@17001 .*\n.*127\.0\.0\.1:9002@17002/,
    );
  });

  test('are those of the proxies in MOVED and ASK, and nowhere else', () => {
    const get = readCommand(request('GET', 'k'), new Map());
    assert.equal(
      errorText(rewrite(get, Buffer.from('-MOVED 7001 127.0.0.1:7002\r\n'))),
      'MOVED 7001 127.0.0.1:9002',
    );
    assert.equal(
      errorText(rewrite(get, Buffer.from('-ASK 7001 127.0.0.1:7001\r\n'))),
      'ASK 7001 127.0.0.1:9001',
    );
    assert.equal(String(rewrite(get, encodeReply('127.0.0.1:7001'))), String(encodeReply('127.0.0.1:7001')));
  });
});
