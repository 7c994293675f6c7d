/** Bearer tokens: one for the administrator, and signed ones for ServiceAccounts that end with their account. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../../common/clock.ts';
import type { User } from '../api.ts';
import { isObject, numberAt, stringAt, type Json } from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';

export const issuer = 'https://kubernetes.default.svc';

export const admin: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface Tokens {
  readonly adminToken: string;
  issue(
    account: ApiObject,
    seconds: number,
    audiences: readonly string[],
  ): { token: string; expiresAtMs: number };
  /** The user a token stands for; undefined when it is unknown, expired or its account is gone. */
  userOf(token: string): User | undefined;
}

type FindAccount = (namespace: string, name: string) => ApiObject | undefined;

export function createTokens(clock: Clock, findAccount: FindAccount): Tokens {
  const key = randomBytes(32);
  const adminToken = randomBytes(24).toString('base64url');
  return {
    adminToken,
    issue(account, seconds, audiences) {
      const issuedAt = Math.floor(clock.now() / 1000);
      const claims = claimsOf(account, issuedAt, issuedAt + seconds, audiences);
      return { token: sign(claims, key), expiresAtMs: (issuedAt + seconds) * 1000 };
    },
    userOf(token) {
      if (same(token, adminToken)) return admin;
      const claims = verified(token, key);
      return claims === undefined ? undefined : accountUser(claims, clock.now(), findAccount);
    },
  };
}

const claimsOf = ({ metadata }: ApiObject, iat: number, exp: number, aud: readonly string[]): Json => ({
  aud: [...aud],
  exp,
  iat,
  iss: issuer,
  nbf: iat,
  sub: `system:serviceaccount:${metadata.namespace ?? ''}:${metadata.name}`,
  'kubernetes.io': {
    namespace: metadata.namespace ?? '',
    serviceaccount: { name: metadata.name, uid: metadata.uid ?? '' },
  },
});

const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(claims: Json, key: Buffer): string {
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${mac(content, key)}`;
}

const mac = (content: string, key: Buffer): string =>
  createHmac('sha256', key).update(content).digest('base64url');

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function verified(token: string, key: Buffer): Json | undefined {
  const [header = '', claims = '', signature = ''] = token.split('.');
  if (!same(signature, mac(`${header}.${claims}`, key))) return undefined;
  const value = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as Json;
  return isObject(value) ? value : undefined;
}

function accountUser(claims: Json, nowMs: number, findAccount: FindAccount): User | undefined {
  const namespace = stringAt(claims, 'kubernetes.io', 'namespace') ?? '';
  const name = stringAt(claims, 'kubernetes.io', 'serviceaccount', 'name') ?? '';
  const uid = stringAt(claims, 'kubernetes.io', 'serviceaccount', 'uid') ?? '';
  const expiresAt = numberAt(claims, 'exp') ?? 0;
  if (expiresAt * 1000 < nowMs || findAccount(namespace, name)?.metadata.uid !== uid) return undefined;
  return serviceAccountUser(namespace, name, uid);
}

export const serviceAccountUser = (namespace: string, name: string, uid = ''): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  uid,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});
