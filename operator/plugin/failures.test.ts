import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explained } from './failures.ts';

const words: readonly [title: string, stderr: string, code: string, says: RegExp][] = [
  [
    'a right that is missing in a namespace',
    'Error from server (Forbidden): pods "demo-0" is forbidden: User "anna" cannot create resource "pods/exec" in API group "" in the namespace "speech"',
    'forbidden',
    /^anna may not create pods\/exec in namespace speech\nAsk for a Role with: apiGroups: \[""\], resources: \["pods\/exec"\], verbs: \["create"\]$/,
  ],
  [
    'a right that is missing everywhere',
    'Error from server (Forbidden): schedulerclusters.lingua.dev is forbidden: User "anna" cannot list resource "schedulerclusters" in API group "lingua.dev" at the cluster scope',
    'forbidden',
    /in the whole cluster\nAsk for a ClusterRole/,
  ],
  [
    'a cluster without the operator',
    'error: the server doesn\'t have a resource type "schedulerclusters"',
    'not_found',
    /does not know SchedulerClusters \(lingua\.dev\)\nInstall the operator/,
  ],
  [
    'no kubeconfig',
    'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    'config',
    /no cluster to talk to\nName a kubeconfig/,
  ],
  ['a context that is not there', 'error: context "prod" does not exist', 'config', /no context prod/],
  [
    'a token that has expired',
    'error: You must be logged in to the server (Unauthorized)',
    'forbidden',
    /Log in again/,
  ],
  [
    'an API server that is away',
    'Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout',
    'unavailable',
    /^Unable to connect .*\nCheck that the cluster runs/,
  ],
  [
    'a server that refuses, after what the libraries of kubectl log of it',
    'E1127 22:46:55.867449   14561 memcache.go:265] "Unhandled Error" err="connection refused"\nThe connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?\n',
    'unavailable',
    /^The connection to the server 127\.0\.0\.1:9 was refused[^\n]*\nCheck that the cluster runs/,
  ],
  [
    'nothing but what its libraries log',
    'E1127 22:46:55.867449   14561 round_trippers.go:1] "Unhandled Error"',
    'unavailable',
    /Unhandled Error/,
  ],
  [
    'a budget that is spent',
    "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.",
    'conflict',
    /another instance is away/,
  ],
  [
    'what is not there',
    'Error from server (NotFound): pods "demo-9" not found',
    'not_found',
    /^pods "demo-9" not found$/,
  ],
  ['anything else, as kubectl says it', 'error: something new\n', 'unavailable', /^something new$/],
  ['silence', '', 'unavailable', /does not say why/],
];

describe('what kubectl says', () => {
  for (const [title, stderr, code, says] of words)
    it(`of ${title}`, () => {
      const error = explained(stderr);
      assert.equal(error.code, code);
      assert.match(error.message, says);
    });
});
