import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import { Store } from '../storage/store.ts';
import { isAllowed, refusal, type Attributes } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const bob = { name: 'bob', groups: ['dev', 'system:authenticated'] };
const ask: Attributes = {
  verb: 'get',
  isResource: true,
  path: '',
  group: '',
  plural: 'pods',
  subresource: '',
  namespace: 'n',
  name: 'p',
};

/** A store in which `subject` is bound in namespace n to one rule. */
function bound(rule: JsonObject, subject: JsonObject = { kind: 'User', name: 'bob' }): Store {
  const store = new Store();
  const meta = { name: 'r', namespace: 'n' };
  store.put(`${group}/roles`, {
    apiVersion: `${group}/v1`,
    kind: 'Role',
    metadata: meta,
    rules: [rule],
  });
  const roleRef = { kind: 'Role', name: 'r' };
  store.put(`${group}/rolebindings`, {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata: meta,
    roleRef,
    subjects: [subject],
  });
  return store;
}

const rule = (more: JsonObject = {}): JsonObject => ({
  apiGroups: [''],
  resources: ['pods'],
  verbs: ['get'],
  ...more,
});

describe('access by roles', () => {
  it('is given by verb, group, resource and namespace, and by nothing less', () => {
    const store = bound(rule());
    assert.ok(isAllowed(store, bob, ask));
    const others: Partial<Attributes>[] = [
      { verb: 'list' },
      { group: 'apps' },
      { plural: 'secrets' },
      { namespace: 'm' },
      { namespace: '' },
      { subresource: 'log' },
    ];
    for (const other of others)
      assert.ok(!isAllowed(store, bob, { ...ask, ...other }), JSON.stringify(other));
    assert.ok(!isAllowed(store, { name: 'eve', groups: [] }, ask));
  });

  it('may be limited to names, which never covers a list', () => {
    const store = bound(rule({ resourceNames: ['p'], verbs: ['*'] }));
    assert.ok(isAllowed(store, bob, ask));
    assert.ok(!isAllowed(store, bob, { ...ask, name: 'q' }));
    assert.ok(!isAllowed(store, bob, { ...ask, verb: 'list', name: '' }));
  });

  it('names subresources on their own', () => {
    const store = bound(rule({ resources: ['pods/log'] }));
    assert.ok(isAllowed(store, bob, { ...ask, subresource: 'log' }));
    assert.ok(!isAllowed(store, bob, ask));
    assert.ok(isAllowed(bound(rule({ resources: ['*/log'] })), bob, { ...ask, subresource: 'log' }));
  });

  it('reaches users by group and accounts by their name', () => {
    assert.ok(isAllowed(bound(rule(), { kind: 'Group', name: 'dev' }), bob, ask));
    const account = { name: 'system:serviceaccount:n:op', groups: [] };
    assert.ok(isAllowed(bound(rule(), { kind: 'ServiceAccount', name: 'op', namespace: 'n' }), account, ask));
    assert.ok(
      !isAllowed(bound(rule(), { kind: 'ServiceAccount', name: 'op', namespace: 'm' }), account, ask),
    );
  });

  it('is everything for masters', () => {
    assert.ok(
      isAllowed(new Store(), { name: 'x', groups: ['system:masters'] }, { ...ask, plural: 'anything' }),
    );
  });

  it('is refused in the words clients match on', () => {
    assert.equal(
      refusal(bob, ask),
      'User "bob" cannot get resource "pods" in API group "" in the namespace "n"',
    );
    assert.equal(
      refusal(bob, { ...ask, namespace: '', subresource: 'status' }),
      'User "bob" cannot get resource "pods/status" in API group "" at the cluster scope',
    );
    assert.equal(
      refusal(bob, { ...ask, isResource: false, path: '/metrics' }),
      'User "bob" cannot get path "/metrics"',
    );
  });
});
