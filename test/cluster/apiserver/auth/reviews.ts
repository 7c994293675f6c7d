/** Questions about access that are asked as objects: `kubectl auth can-i` and `whoami`. Nothing is stored. */
import type { Api, Call, User } from '../api.ts';
import { mediaType, parseObject } from '../http/body.ts';
import { objectAt, stringAt, stringsAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { methodNotAllowed, UnknownPath } from '../status.ts';
import { isAllowed, rulesFor, type Attributes } from './rbac.ts';

/** plural to kind, by group: what discovery lists as create-only. */
export const reviews: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'authorization.k8s.io': {
    localsubjectaccessreviews: 'LocalSubjectAccessReview',
    selfsubjectaccessreviews: 'SelfSubjectAccessReview',
    selfsubjectrulesreviews: 'SelfSubjectRulesReview',
    subjectaccessreviews: 'SubjectAccessReview',
  },
  'authentication.k8s.io': {
    selfsubjectreviews: 'SelfSubjectReview',
    tokenreviews: 'TokenReview',
  },
};

export const isReview = (group: string, plural: string): boolean => reviews[group]?.[plural] !== undefined;

export function review(api: Api, call: Call): JsonObject {
  if (call.info.verb !== 'create') throw methodNotAllowed();
  const asked = parseObject(call.body, mediaType(call.contentType));
  const answer = { ...asked, metadata: { creationTimestamp: null } };
  switch (call.info.plural) {
    case 'selfsubjectaccessreviews':
      return { ...answer, status: access(api, call.user, asked) };
    case 'localsubjectaccessreviews':
    case 'subjectaccessreviews':
      return { ...answer, status: access(api, namedUser(asked), asked) };
    case 'selfsubjectrulesreviews':
      return { ...answer, status: rules(api, call.user, stringAt(asked, 'spec', 'namespace') ?? '') };
    case 'selfsubjectreviews':
      return { ...answer, status: { userInfo: userInfo(call.user) } };
    case 'tokenreviews':
      return { ...answer, status: tokenStatus(api.tokens.userOf(stringAt(asked, 'spec', 'token') ?? '')) };
    default:
      throw new UnknownPath();
  }
}

const userInfo = ({ name, uid, groups }: User): JsonObject => ({
  username: name,
  ...(uid ? { uid } : {}),
  groups: [...groups],
});

const tokenStatus = (user: User | undefined): JsonObject =>
  user ? { authenticated: true, user: userInfo(user) } : { user: {}, error: 'invalid bearer token' };

const namedUser = (asked: JsonObject): User => ({
  name: stringAt(asked, 'spec', 'user') ?? '',
  groups: stringsAt(asked, 'spec', 'groups'),
});

function access(api: Api, user: User, asked: JsonObject): JsonObject {
  const resource = objectAt(asked, 'spec', 'resourceAttributes');
  const other = objectAt(asked, 'spec', 'nonResourceAttributes');
  const text = (field: string): string => stringAt(resource ?? other, field) ?? '';
  const attributes: Attributes = {
    verb: text('verb'),
    isResource: resource !== undefined,
    path: text('path'),
    group: text('group'),
    plural: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  };
  return isAllowed(api.store, user, attributes) ? { allowed: true, reason: '' } : { allowed: false };
}

function rules({ store }: Api, user: User, namespace: string): JsonObject {
  const all = rulesFor(store, user, namespace);
  const everything = user.groups.includes('system:masters') ? [masters] : [];
  const list = [...everything, ...all];
  return {
    resourceRules: list.filter((rule) => rule['resources'] !== undefined),
    nonResourceRules: list.filter((rule) => rule['nonResourceURLs'] !== undefined),
    incomplete: false,
  };
}

const masters: JsonObject = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
