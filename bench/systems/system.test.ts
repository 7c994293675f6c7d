import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { nodeFlags } from './system.ts';

it('the bench starts Node with the flags of the image', () => {
  const image = readFileSync(path.resolve(import.meta.dirname, '../../Dockerfile.scheduler'), 'utf8');
  const entrypoint = /^ENTRYPOINT (.*)$/m.exec(image)?.[1] ?? '';
  for (const flag of nodeFlags) assert.ok(entrypoint.includes(JSON.stringify(flag)), flag);
});
