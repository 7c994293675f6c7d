import assert from 'node:assert/strict';
import { it } from 'node:test';
import { credentialsChanged, credentialsDigest } from './credentials-digest.ts';

const [user, password, other] = ['lingua', 'pa55', 'pa56'].map((text) => Buffer.from(text));
const digest = (...files: (Buffer | undefined)[]) => credentialsDigest('token', files);

it('the same credentials have the same digest, which holds nothing of them', () => {
  assert.equal(digest(user, password, undefined), digest(user, Buffer.from('pa55'), undefined));
  assert.match(digest(user, password, undefined), /^[0-9a-f]{8}-[0-9a-f]{24}$/);
});

it('others have another one, also when only the place of a file differs', () => {
  const before = digest(undefined, password, undefined);
  for (const after of [digest(undefined, other, undefined), digest(password, undefined, undefined)])
    assert.ok(credentialsChanged(before, after));
  assert.ok(!credentialsChanged(before, before));
});

it('digests under two tokens say nothing of each other', () => {
  const [before, after] = ['one', 'two'].map((token) => credentialsDigest(token, [password]));
  assert.notEqual(before, after);
  assert.ok(!credentialsChanged(before!, after!));
});
