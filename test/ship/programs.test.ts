/** What people run in a pod is where the image has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { programs } from '../../common/workload.ts';
import { root } from '../support/images.ts';

it("the scheduler's image starts with the programs that `kubectl lingua` runs in it", () => {
  const dockerfile = readFileSync(path.join(root, 'Dockerfile.scheduler'), 'utf8');
  const [, words = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  const entrypoint = JSON.parse(words) as string[];
  assert.equal(entrypoint[0], programs.node);
  assert.equal(entrypoint.at(-1), programs.scheduler);
});
