import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeView } from '../store/store.ts';
import { NodeDirectory } from './node-directory.ts';

const viewOf = (instanceId: string, running: number): NodeView => ({
  nodeId: 'n',
  instanceId,
  status: 'ready',
  slots: 4,
  running,
  services: [],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 5,
  gpuPercent: 5,
  memoryPercent: 5,
});

function directoryWith(instanceId: string, running = 0) {
  const directory = new NodeDirectory();
  directory.apply({ op: 'put', view: viewOf(instanceId, running) });
  return { directory, running: () => directory.get('n')?.running };
}

describe('how many jobs a node is taken to run', () => {
  it('counts those that are on their way to it, whatever its holder counts meanwhile', () => {
    const { directory, running } = directoryWith('here');
    for (let i = 0; i < 3; i++) directory.took('n');
    assert.equal(running(), 3);
    directory.arrived('n');
    directory.runs('n', 1);
    assert.equal(running(), 3);
    directory.freed('n');
    directory.runs('n', 1);
    assert.equal(running(), 2, 'one never went');
    directory.arrived('n');
    assert.equal(running(), 1, 'and one was refused');
  });

  it('forgets what was on its way for so long that the node was announced again', () => {
    const { directory, running } = directoryWith('here');
    directory.took('n');
    directory.put(viewOf('here', 0));
    directory.runs('n', 1);
    directory.arrived('n');
    assert.equal(running(), 1);
  });

  it('is never less than what we gave it, by an announcement that was on its way', () => {
    const { directory, running } = directoryWith('there', 1);
    for (let i = 0; i < 3; i++) directory.gained('n');
    directory.apply({ op: 'put', view: viewOf('there', 1) });
    assert.equal(running(), 3);
    directory.lost('n');
    directory.apply({ op: 'put', view: viewOf('there', 1) });
    assert.equal(running(), 2);
    directory.apply({ op: 'put', view: viewOf('there', 4) });
    assert.equal(running(), 4, 'others gave it some');
  });

  it('has a slot free once, though its holder calls and the job that had it is answered', () => {
    const { directory, running } = directoryWith('there', 4);
    directory.called('n');
    assert.equal(running(), 3);
    directory.took('n');
    directory.ended('n');
    assert.equal(running(), 4);
    directory.ended('n');
    assert.equal(running(), 3);
  });
});
