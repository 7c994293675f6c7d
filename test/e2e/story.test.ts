/** What `kubectl describe` tells of a fleet to which a good deal happened: each thing once, in its order, with what to do where something is wrong. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { eventually } from '../support/eventually.ts';
import { SessionClient } from '../support/session-client.ts';
import { place, socketUrl, type Place } from './place.ts';

const { lacks } = await target();

const name = 'told';

describe('the story of a fleet', { skip: lacks.programs }, () => {
  let here: Place;
  let lines: string[];

  const patch = (spec: object) =>
    here.kubectl(['patch', 'lsc', name, '--type=merge', '-p', JSON.stringify({ spec })]);
  const condition = async (type: string): Promise<string> => {
    const path = `jsonpath={.status.conditions[?(@.type=="${type}")]['status','reason']}`;
    return (await here.kubectl(['get', 'lsc', name, '-o', path])).trim();
  };
  const settled = () =>
    eventually('nothing moves', async () => (await condition('Progressing')) === 'False Settled', 120_000);

  before(async () => {
    here = await place();
    const config = { scheduler: { endpointGraceSeconds: 5 } };
    await here.apply({ name, replicas: 2, keyPrefix: name, config });
    await here.ready(name);
    await here.kubectl(['scale', 'lsc', name, '--replicas=3']);
    await here.ready(name);
    const limits = { notReadySeconds: 30 };
    await patch({ rollout: { canary: { replicas: 1, soakSeconds: 2, limits } } });
    await patch({ config: { scheduler: { jobTimeoutSeconds: 45 } } });
    await here.ready(name);
    await settled();
    await patch({ image: 'lingua-absent:dev' });
    const failed = async () => (await condition('Degraded')) === 'True CanaryFailed';
    await eventually('the canary has failed', failed, 120_000);
    await settled();
    await patch({ image: 'lingua-scheduler:dev' });
    await here.ready(name);
    const session = await SessionClient.open(socketUrl((await here.pods(name))[2]!));
    await here.kubectl(['scale', 'lsc', name, '--replicas=2']);
    await eventually('the third has left', async () => (await here.pods(name)).length === 2, 120_000);
    await session.close();
    await here.ready(name);
    // Told a moment after the status that was waited for.
    const told = async () => (await story()).some((line) => line.includes('Scaled from 3 to 2'));
    await eventually('the end is told', told, 120_000);
    lines = await story();
  });

  /** `Type Reason Message`, as they stand in the description. */
  async function story(): Promise<string[]> {
    const described = await here.kubectl(['describe', 'lsc', name]);
    const [, events = ''] = described.split(/^Events:\n.*\n.*\n/m);
    const line = /^ +(\w+) +(\w+) +\S+(?: \(x\d+ over \S+\))? +lingua\.dev\/operator +(.*)$/;
    return events.split('\n').flatMap((text) => {
      const [, type = '', reason = '', message = ''] = line.exec(text) ?? [];
      return type === '' ? [] : [`${type} ${reason} ${message}`];
    });
  }

  const chapters: readonly RegExp[] = [
    /^Normal Created Created ServiceAccount told, Secret told-admin, ConfigMap .*, StatefulSet told\.$/,
    /^Normal FleetReady 2 instances asked for; 2 of 2 instances ready\.$/,
    /^Normal Scaled Scaled from 2 to 3 instances\.$/,
    /^Normal RolloutStarted Revision \w{8} is rolled out: ConfigChanged\.$/,
    /^Normal Restarting told-2 restarts: ConfigChanged\.$/,
    /^Normal CanaryPassed The instances that tried revision \w{8} stayed within the limits; the others follow\.$/,
    /^Normal Restarting told-1 restarts: ConfigChanged\.$/,
    /^Normal Restarting told-0 restarts: ConfigChanged\.$/,
    /^Normal RolloutStarted Revision \w{8} is rolled out: ImageChanged\.$/,
    /^Normal Restarting told-2 restarts: ImageChanged\.$/,
    /^Warning CanaryFailed told-2 .*; revision \w{8} is taken back\. Correct the change or take it back;/,
    /^Normal Replaced told-2 goes back to the former revision\.$/,
    /^Normal Draining told-2 drains: fewer instances are asked for; 1 session to move\.$/,
    /^Normal Scaled Scaled from 3 to 2 instances\.$/,
  ];

  it('is told in its order', () => {
    let from = 0;
    for (const chapter of chapters) {
      const at = lines.findIndex((line, index) => index >= from && chapter.test(line));
      assert.ok(at >= 0, `${String(chapter)} is not told after line ${String(from)}:\n${lines.join('\n')}`);
      from = at + 1;
    }
  });

  it('fits on a screen, and tells nothing twice that happened once', () => {
    assert.ok(lines.length <= 30, lines.join('\n'));
    const once = lines.filter((line) =>
      /^\w+ (Created|CanaryPassed|CanaryFailed|Draining|Restarting) /.test(line),
    );
    assert.equal(new Set(once).size, once.length, once.join('\n'));
  });

  it('ends with a fleet in which nothing is wrong', async () => {
    const described = await here.kubectl(['describe', 'lsc', name]);
    assert.match(described, /Message: +2 instances asked for; 2 of 2 instances ready\./);
    await here.kubectl(['delete', 'lsc', name, '--timeout=180s']);
    await here.gone(name);
  });
});
