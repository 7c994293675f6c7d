import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { closeServer, listen } from './listening.ts';
import { reset } from './reset.ts';

describe('a connection that is reset', () => {
  const server = createServer();
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    const port = await listen(server);
    const accepted = once(server, 'connection');
    near = connect(port, '127.0.0.1');
    [far] = (await accepted) as [Socket];
    if (near.readyState !== 'open') await once(near, 'connect');
  });
  afterEach(async () => {
    far.destroy();
    await closeServer(server);
  });

  test('is reset at the other end', async () => {
    const error = once(far, 'error');
    reset(near);
    const [{ code }] = (await error) as [NodeJS.ErrnoException];
    assert.equal(code, 'ECONNRESET');
  });

  test('is closed when its end was under way already, without an error', async () => {
    const closed = Promise.all([once(near, 'close'), once(far.resume(), 'close')]);
    near.end();
    reset(near);
    await closed;
  });
});
