/** `serviceaccounts/…/token`: a bearer token that acts as the account. */
import type { Api, Call } from '../api.ts';
import { issuer } from '../auth/tokens.ts';
import { mediaType, parseObject } from '../http/body.ts';
import { invalidValue } from '../../../../operator/schema/field-error.ts';
import { numberAt, stringsAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { timestamp } from '../../../../operator/schema/object.ts';
import { invalid, methodNotAllowed, notFound } from '../status.ts';

const shortestSeconds = 600;

export function token({ store, tokens }: Api, { info, body, contentType }: Call): JsonObject {
  if (info.verb !== 'create') throw methodNotAllowed();
  const account = store.get('/serviceaccounts', info.namespace, info.name);
  if (!account) throw notFound({ group: '', plural: 'serviceaccounts' }, info.name);
  const asked = body.length > 0 ? parseObject(body, mediaType(contentType)) : {};
  const seconds = numberAt(asked, 'spec', 'expirationSeconds') ?? 3600;
  if (seconds < shortestSeconds) {
    throw invalid('authentication.k8s.io', 'TokenRequest', info.name, [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  const named = stringsAt(asked, 'spec', 'audiences');
  const audiences = named.length > 0 ? named : [issuer];
  const issued = tokens.issue(account, seconds, audiences);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      name: info.name,
      namespace: info.namespace,
      creationTimestamp: timestamp(issued.expiresAtMs - seconds * 1000),
    },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: null },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expiresAtMs) },
  };
}
