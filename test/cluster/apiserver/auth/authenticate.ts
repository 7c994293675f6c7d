/** Who asks: the bearer of a token, or whom an impersonator names. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Api, User } from '../api.ts';
import { forbidden, unauthorized } from '../status.ts';
import { isAllowed, refusal, type Attributes } from './rbac.ts';
import { anonymous, serviceAccountUser, type Tokens } from './tokens.ts';

/** Throws 401 for a token nobody gave out, 403 for an impersonation that is not allowed. */
export function authenticate(api: Api, headers: IncomingHttpHeaders): User {
  const user = bearer(api.tokens, headers.authorization);
  const name = headers['impersonate-user'];
  if (name === undefined && headers['impersonate-group'] === undefined) return user;
  return impersonated(api, user, String(name ?? ''), groupsOf(headers));
}

function bearer(tokens: Tokens, header: string | undefined): User {
  if (header === undefined) return anonymous;
  const token = /^Bearer (.+)$/i.exec(header)?.[1];
  const user = token === undefined ? undefined : tokens.userOf(token.trim());
  if (!user) throw unauthorized();
  return user;
}

const groupsOf = (headers: IncomingHttpHeaders): string[] => {
  const value = headers['impersonate-group'];
  // Node joins repeated headers it does not know with a comma.
  return (Array.isArray(value) ? value.join(',') : (value ?? ''))
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
};

function impersonated(api: Api, user: User, name: string, groups: readonly string[]): User {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const asked = account
    ? [attributes('serviceaccounts', account[2] ?? '', account[1] ?? '')]
    : [attributes('users', name, '')];
  for (const group of groups) asked.push(attributes('groups', group, ''));
  for (const attribute of asked) {
    if (!isAllowed(api.store, user, attribute)) {
      throw forbidden({ group: '', plural: attribute.plural }, attribute.name, refusal(user, attribute));
    }
  }
  if (account && groups.length === 0) return serviceAccountUser(account[1] ?? '', account[2] ?? '');
  return { name, groups: [...new Set([...groups, 'system:authenticated'])] };
}

const attributes = (plural: string, name: string, namespace: string): Attributes => ({
  verb: 'impersonate',
  isResource: true,
  path: '',
  group: '',
  subresource: '',
  plural,
  name,
  namespace,
});
