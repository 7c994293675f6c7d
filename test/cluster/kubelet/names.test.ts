/** Names of Services, as the processes of pods look them up. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Endpoints } from '../../../operator/kube/resources.ts';
import { clusterName, namesFileVariable, namesOf, writeNames } from './names.ts';

const directory = mkdtempSync(join(tmpdir(), 'pocket-names-'));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

const endpoints: Endpoints = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web', namespace: 'shop' },
  subsets: [
    {
      addresses: [{ ip: '127.64.0.2', hostname: 'web-0' }, { ip: '127.64.0.3' }],
      notReadyAddresses: [{ ip: '127.64.0.4' }],
    },
  ],
};
const names = namesOf([endpoints]);

describe('names', () => {
  it('lead to ready pods, and to a pod by its own name', () => {
    assert.deepEqual(names, {
      'web.shop': ['127.64.0.2', '127.64.0.3'],
      'web-0.web.shop': ['127.64.0.2'],
    });
  });

  it('are those that end as the cluster names Services', () => {
    assert.equal(clusterName('web.shop.svc'), 'web.shop');
    assert.equal(clusterName('web-0.web.shop.svc.cluster.local'), 'web-0.web.shop');
    assert.equal(clusterName('example.com'), undefined);
    assert.equal(clusterName('svc'), undefined);
  });

  const ask = async (host: string): Promise<string> => {
    const file = join(directory, 'names.json');
    writeNames(file, names);
    const script = `require('node:net').connect({ host: '${host}', port: 1 }).on('error', (error) => console.log(error.code, error.address ?? error.errors?.[0].address ?? ''))`;
    const preload = `--import=${new URL('preload.ts', import.meta.url).href}`;
    const { stdout } = await promisify(execFile)(process.execPath, [preload, '-e', script], {
      env: { ...process.env, [namesFileVariable]: file },
    });
    return stdout.trim();
  };

  it('are where a connection of a program goes', async () => {
    assert.equal(await ask('web-0.web.shop.svc'), 'ECONNREFUSED 127.64.0.2');
    assert.equal(await ask('nobody.shop.svc'), 'ENOTFOUND');
    assert.match(await ask('localhost'), /^ECONNREFUSED (127\.0\.0\.1|::1)$/);
  });
});
