/** Whether the user may do what the request asks for; throws the refusal. */
import type { Api, User } from '../api.ts';
import { isAllowed, refusal } from '../auth/rbac.ts';
import { forbidden } from '../status.ts';
import type { RequestInfo } from './request-info.ts';

export function authorize({ store }: Api, info: RequestInfo, user: User): void {
  // A namespace's own path names it; rights to it may be given inside it.
  if (isAllowed(store, user, info)) return;
  const subject = info.isResource ? { group: info.group, plural: info.plural } : { group: '', plural: '' };
  throw forbidden(subject, info.name, refusal(user, info));
}
