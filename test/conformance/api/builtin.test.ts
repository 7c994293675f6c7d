import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { openPlace } from '../workloads/place.ts';
import { createFrom, json, statefulSet } from './place-words.ts';

describe('built-in kinds', { concurrency: 2 }, () => {
  it('get their documented defaults, and quantities in one form', async (t) => {
    const place = await openPlace(t);
    const resources = { limits: { cpu: '1000m', memory: '1024Mi' } };
    const probe = { httpGet: { port: 80 } };
    await createFrom(
      place,
      statefulSet({}, { resources, readinessProbe: probe, ports: [{ containerPort: 80 }] }),
    );
    const set = await json<{
      spec: Record<string, unknown> & { template: { spec: Record<string, unknown> } };
    }>(place, 'get', 'sts', 'web');
    const { podManagementPolicy, revisionHistoryLimit, updateStrategy } = set.spec;
    assert.deepEqual(
      [podManagementPolicy, revisionHistoryLimit, updateStrategy],
      ['OrderedReady', 10, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }],
    );
    const { containers, ...pod } = set.spec.template.spec;
    assert.deepEqual(pod, {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
    assert.deepEqual(containers, [
      {
        name: 'c',
        image: 'x:1',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        readinessProbe: {
          failureThreshold: 3,
          httpGet: { path: '/', port: 80, scheme: 'HTTP' },
          periodSeconds: 10,
          successThreshold: 1,
          timeoutSeconds: 1,
        },
        resources: { limits: { cpu: '1', memory: '1Gi' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ]);
  });

  it('are refused for wrong types and unknown fields before anything else', async (t) => {
    const place = await openPlace(t);
    const number = await createFrom(
      place,
      statefulSet({}, { env: [{ name: 'A', value: 5 }] }),
      '--validate=ignore',
    );
    assert.match(
      number.stderr,
      /cannot unmarshal number into Go struct field EnvVar\.spec\.template\.spec\.containers\.env\.value of type string/,
    );
    const unknown = await createFrom(place, statefulSet({ replica: 3 }));
    assert.match(unknown.stderr, /strict decoding error: unknown field "spec\.replica"/);
  });

  it('hold fast what a StatefulSet may not change', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, statefulSet());
    const { code, stderr } = await place.tryKubectl([
      'patch',
      'sts',
      'web',
      '-p',
      '{"spec":{"serviceName":"other"}}',
    ]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy'/,
    );
    await place.kubectl(
      'patch',
      'sts',
      'web',
      '-p',
      '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}',
    );
  });

  it('give a Service an address, or none to a headless one', async (t) => {
    const place = await openPlace(t);
    await place.kubectl('create', 'service', 'clusterip', 'web', '--tcp=80:8080');
    assert.match(
      await place.kubectl(
        'get',
        'service',
        'web',
        '-o',
        'jsonpath={.spec.clusterIP} {.spec.type} {.spec.sessionAffinity}',
      ),
      /^[\d.:a-f]+ ClusterIP None$/,
    );
    await place.kubectl('create', 'service', 'clusterip', 'head', '--clusterip=None');
    assert.equal(await place.kubectl('get', 'service', 'head', '-o', 'jsonpath={.spec.clusterIP}'), 'None');
    const changed = await place.tryKubectl([
      'patch',
      'service',
      'head',
      '-p',
      '{"spec":{"clusterIP":"10.0.0.99"}}',
    ]);
    assert.equal(changed.code, 1);
  });

  it('count generations of what is wished for, and only those', async (t) => {
    const place = await openPlace(t);
    await createFrom(place, statefulSet());
    const generation = () => place.kubectl('get', 'sts', 'web', '-o', 'jsonpath={.metadata.generation}');
    await place.kubectl('label', 'sts', 'web', 'x=y');
    assert.equal(await generation(), '1');
    await place.kubectl('set', 'image', 'sts/web', 'c=x:2');
    assert.equal(await generation(), '2');
  });

  it('want a MicroTime with six digits in a Lease', async (t) => {
    const place = await openPlace(t);
    const lease = (renewTime: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { renewTime },
    });
    const short = await createFrom(place, lease('2026-01-01T00:00:00Z'));
    assert.match(short.stderr, /cannot parse "Z" as "\.000000"/);
    assert.equal((await createFrom(place, lease('2026-01-01T00:00:00.000001Z'))).code, 0);
  });

  it('keep a HorizontalPodAutoscaler, with its defaults and within its bounds', async (t) => {
    const place = await openPlace(t);
    const target = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' };
    const autoscaler = (spec: object) => ({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: { scaleTargetRef: target, ...spec },
    });
    const behavior = { scaleDown: { stabilizationWindowSeconds: 600 } };
    assert.equal((await createFrom(place, autoscaler({ maxReplicas: 4, behavior }))).stderr, '');
    const { spec } = await json<{ spec: object }>(place, 'get', 'hpa', 'web');
    const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
    assert.deepEqual(spec, {
      scaleTargetRef: target,
      minReplicas: 1,
      maxReplicas: 4,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent],
        },
        scaleDown: { stabilizationWindowSeconds: 600, selectPolicy: 'Max', policies: [percent] },
      },
    });
    assert.match(
      await place.kubectl('get', 'hpa', 'web'),
      /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +StatefulSet\/web +cpu: <unknown>\/80% +1 +4 +0 /,
    );
    const wrong = autoscaler({ scaleTargetRef: { kind: 'StatefulSet' }, minReplicas: 3, maxReplicas: 2 });
    const { stderr } = await createFrom(place, { ...wrong, metadata: { name: 'wrong' } });
    assert.match(stderr, /scaleTargetRef\.apiVersion: Invalid value: "": apiVersion must specify API group/);
    assert.match(stderr, /spec\.scaleTargetRef\.name: Required value/);
    assert.match(stderr, /maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`/);
  });
});
