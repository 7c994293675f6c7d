/** Our own definition: its schema is structural, its rules are cheap enough, and kubectl explains it. A real API server is the judge. */
import { strict as assert } from 'node:assert';
import { before, describe, it } from 'node:test';
import path from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { target, type Target } from '../target.ts';

const file = path.resolve(import.meta.dirname, '../../../crds/schedulercluster.yaml');
const name = 'crd/schedulerclusters.lingua.dev';

interface Definition {
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

describe('the definition of SchedulerCluster', () => {
  let here: Target;
  before(async () => {
    here = await target();
  });

  it('is accepted without a warning', async () => {
    const { code, stderr } = await here.kubectl(['apply', '--server-side', '--validate=strict', '-f', file]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /^Warning: (?!version difference)/m);
  });

  it('is established: names accepted, schema structural, rules compiled within their cost', async () => {
    const conditions = await eventually(
      'it is established',
      async () => {
        const { stdout } = await here.kubectl(['get', name, '-o', 'json']);
        const found = (JSON.parse(stdout) as Definition).status?.conditions ?? [];
        return found.some(({ type, status }) => type === 'Established' && status === 'True') && found;
      },
      30_000,
    );
    const refusals = conditions.filter(
      ({ type, status }) => type === 'NonStructuralSchema' && status === 'True',
    );
    assert.deepEqual(refusals, []);
  });

  it('explains its fields', async () => {
    const explained = await eventually(
      'the schema is published',
      async () => {
        const { code, stdout } = await here.kubectl(['explain', 'schedulercluster.spec.rollout']);
        return code === 0 && stdout;
      },
      30_000,
    );
    assert.match(explained, /KIND:\s+SchedulerCluster/);
  });
});
