/** RoutingVerified: what comes of trying the routes, from the first instance to the last write of a status. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

const minuteMs = 60_000;

describe('RoutingVerified', () => {
  let world: World;

  beforeEach(async () => {
    world = new World();
    world.put(sampleCluster({ replicas: 3 }));
    await world.start();
    await world.converge();
  });
  afterEach(() => {
    world.stop();
  });

  const later = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      await world.clock.advance(5_000);
      await world.look();
    }
  };

  it('is True once a job went from each instance to the next, and says between which', () => {
    assert.equal(world.says('RoutingVerified'), 'True RouteVerified');
    const { message } = world.condition('RoutingVerified');
    assert.match(message, /demo-0 to demo-1, demo-1 to demo-2, demo-2 to demo-0/);
    assert.match(message, /within 1000 ms/);
  });

  it('is tried again about every minute, and writes nothing while nothing changes', async () => {
    const [tries, writes] = [world.tries, world.kube.writes().length];
    await later(10 * minuteMs);
    assert.ok(world.tries - tries >= 8 && world.tries - tries <= 13, String(world.tries - tries));
    assert.equal(world.kube.writes().length, writes);
  });

  it('of one instance goes through itself, and of none is not known', async () => {
    world.edit((spec) => (spec.replicas = 1));
    await world.converge();
    assert.equal(world.says('RoutingVerified'), 'True RouteToItself');
    world.edit((spec) => (spec.replicas = 0));
    await world.converge();
    assert.equal(world.says('RoutingVerified'), 'Unknown Hibernated');
    assert.equal(world.says('Ready'), 'True Hibernated');
  });

  it('does not turn for one failure', async () => {
    let failures = 2;
    world.route = () => (failures-- > 0 ? 'unanswered' : 'answered');
    const writes = world.kube.writes().length;
    await later(3 * minuteMs);
    assert.ok(failures < 0);
    assert.equal(world.kube.writes().length, writes);
  });

  const outcomes = [
    ['unanswered', 'RouteUnanswered', /A job from demo-0 to demo-1 was not answered.*XPENDING/],
    ['busy', 'RouteInboxFull', /did not fit.*streamMaxlen/],
    ['no_owner', 'RoutePeerUnknown', /nobody holds the lease.*spec\.redis/],
    ['unavailable', 'RouteStoreRefuses', /not recorded.*maxmemory/],
  ] as const;
  for (const [outcome, reason, message] of outcomes) {
    it(`is False with a remedy when jobs are ${outcome} again and again, and Ready with it; one answer heals both`, async () => {
      world.route = (from) => (from === 'demo-0' ? outcome : 'answered');
      await later(5 * minuteMs);
      assert.equal(world.says('RoutingVerified'), `False ${reason}`);
      assert.equal(world.says('Ready'), `False ${reason}`);
      assert.match(world.condition('RoutingVerified').message, message);
      assert.ok(world.events.some((event) => event.reason === reason && event.type === 'Warning'));
      const writes = world.kube.writes().length;
      await later(2 * minuteMs);
      assert.equal(world.kube.writes().length, writes, 'a failure that stays is said once');
      world.route = () => 'answered';
      await later(minuteMs);
      assert.equal(world.says('RoutingVerified'), 'True RouteVerified');
      assert.equal(world.says('Ready'), 'True FleetReady');
    });
  }

  it('the moment after an edit that changes instances it is not known, until the new ones were tried', async () => {
    world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
    await world.look();
    const { observedGeneration, status, reason } = world.condition('RoutingVerified');
    assert.deepEqual(
      [observedGeneration, status, reason],
      [world.cluster().metadata.generation, 'Unknown', 'FleetChanging'],
    );
    await world.converge();
    assert.equal(world.says('RoutingVerified'), 'True RouteVerified');
  });

  it('with instances of a version that knows no probes is not known, and Ready all the same', async () => {
    world.route = () => 'refused';
    world.edit((spec) => (spec.image = 'lingua-scheduler:former'));
    await world.converge();
    await later(2 * minuteMs);
    assert.equal(world.says('RoutingVerified'), 'Unknown RouteNotTried');
    assert.match(world.condition('RoutingVerified').message, /refused/);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('is repeated by an operator that has just started, without a write', async () => {
    const writes = world.kube.writes().length;
    await world.start();
    world.resync();
    await world.converge();
    await later(minuteMs);
    assert.equal(world.says('RoutingVerified'), 'True RouteVerified');
    assert.equal(world.kube.writes().length, writes);
  });

  it('is forgotten with its cluster: nothing is tried any more', async () => {
    world.kube.remove(world.cluster());
    await world.converge();
    const { tries } = world;
    await later(5 * minuteMs);
    assert.equal(world.tries, tries);
  });
});
