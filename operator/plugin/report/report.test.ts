import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { redactObject, redactText } from './redact.ts';
import { tarOf } from './tar.ts';

describe('text that goes into a report', () => {
  /** `HIDE` is what must not be there. */
  const secrets = [
    'redis://lingua:HIDE@redis:6379/0',
    'connect to rediss://:HIDE@r1:6379,rediss://:HIDE@r2:6379',
    'Authorization: Bearer HIDE0123456789',
    '{"level":"INFO","password":"HIDE","n":1}',
    '{"msg":"{\\"token\\":\\"HIDE\\"}"}',
    '{"resume_token":"s-1.HIDE"}',
    'REDIS_PASSWORD=HIDE other=1',
    "secret: 'HIDE and more'",
    'apiKey = "HI\\"DE"',
    '--redis-password=HIDE',
    'AUTH lingua HIDE',
    'eyJhbGciOiJIUzI1NiJ9.HIDE.HIDE',
    '-----BEGIN RSA PRIVATE KEY-----\nHIDE\n-----END RSA PRIVATE KEY-----',
    '"-----BEGIN PRIVATE KEY-----\\nHIDE',
  ];
  for (const text of secrets)
    it(`does not hold the secret of ${text.split('\n')[0] ?? ''}`, () => {
      const kept = redactText(text);
      assert.ok(!/HIDE|DE"/.test(kept), kept);
      assert.match(kept, /<removed>/);
    });

  it('stays JSON', () => {
    const line = JSON.stringify({ msg: 'x', token: 'a"b', inner: JSON.stringify({ password: 'c d' }), n: 1 });
    const kept = JSON.parse(redactText(line)) as Record<string, unknown>;
    assert.deepEqual([kept['token'], kept['n']], ['<removed>', 1]);
    assert.equal(kept['inner'], '{"password":"<removed>"}');
  });

  it('is as good as nothing to look through, however long', () => {
    const long = 'a'.repeat(2_000_000);
    const startMs = performance.now();
    assert.equal(redactText(long), long);
    assert.equal(redactText(`"token":"${long}"`), '"token":"<removed>"');
    assert.ok(performance.now() - startMs < 5000);
  });

  const harmless = [
    'scheduler_phase2_redis_op_total{op="xreadgroup",result="ok"} 12',
    'password_file = "/etc/lingua/redis-auth/password"',
    'LINGUA_ADMIN_TOKEN_FILE=/etc/lingua/admin/token',
    'secretName: demo-admin',
    'it was refused: wrong password',
    'redis://redis:6379',
    'http://127.0.0.1:5010/livez?x=a@b',
  ];
  for (const text of harmless)
    it(`is left as it is: ${text}`, () => {
      assert.equal(redactText(text), text);
    });
});

describe('objects that go into a report', () => {
  it('show only what is known to be harmless of what people wrote themselves', () => {
    const kept = redactObject({
      kind: 'Pod',
      metadata: {
        annotations: {
          'lingua.dev/paused': 'true',
          'vault.example.com/key': 'HIDE',
          'kubectl.kubernetes.io/last-applied-configuration': '{"x":"HIDE"}',
        },
        managedFields: [{ manager: 'HIDE' }],
      },
      spec: {
        podAnnotations: { mine: 'HIDE' },
        env: [
          { name: 'LOG_LEVEL', value: 'debug' },
          { name: 'MINE', value: 'HIDE' },
          { name: 'REF', valueFrom: { secretKeyRef: { name: 'demo', key: 'password' } } },
        ],
        redis: { url: 'redis://u:HIDE@r', authSecretRef: { name: 'demo', passwordKey: 'password' } },
        password: 'HIDE',
        args: ['--token=HIDE', '--config'],
      },
    });
    const text = JSON.stringify(kept);
    assert.ok(!text.includes('HIDE'), text);
    for (const word of [
      '"true"',
      'debug',
      '"key":"password"',
      '"passwordKey":"password"',
      '--config',
      'redis://<removed>@r',
    ])
      assert.ok(text.includes(word), `${word} in ${text}`);
  });

  it('that are Secrets show their keys at most', () => {
    assert.deepEqual(redactObject({ kind: 'List', items: [{ kind: 'Secret', data: { token: 'HIDE' } }] }), {
      kind: 'List',
      items: [{ kind: 'Secret', data: '<removed>' }],
    });
  });
});

describe('the archive', () => {
  it('is one that tar reads, whatever is in it', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lingua-tar-'));
    try {
      const texts = fc.sample(fc.string({ maxLength: 2000 }), 20);
      const files = new Map(texts.map((text, at) => [`report/folder/${at}.txt`, text]));
      writeFileSync(path.join(directory, 'a.tar'), tarOf(files, Date.parse('2026-01-02T03:04:05Z')));
      execFileSync('tar', ['xf', 'a.tar'], { cwd: directory });
      for (const [name, text] of files)
        assert.equal(readFileSync(path.join(directory, name), 'utf8'), text.toWellFormed());
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
