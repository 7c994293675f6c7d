/**
 * How a pod talks to the API as its ServiceAccount. In a container the token lies at a fixed path; a process without a file
 * system of its own is given a kubeconfig instead, which names the same token file.
 */
import type { Clock } from '../../../common/clock.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { serviceAccounts, type Pod } from '../../../operator/kube/resources.ts';
import type { RequestToken, TokenRequest } from './sources.ts';

const accountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The volume with the account's token; undefined when the pod has none. */
export function accountVolume(pod: Pod): string | undefined {
  return pod.spec?.containers
    .flatMap((container) => container.volumeMounts ?? [])
    .find((mount) => mount.mountPath === accountPath)?.name;
}

/** The pod with the volume that admission adds on a full API server, unless it is there or not wanted. */
export function withAccountVolume(pod: Pod, automount: boolean): Pod {
  const wanted = pod.spec?.automountServiceAccountToken ?? automount;
  if (!pod.spec || !wanted || accountVolume(pod) !== undefined) return pod;
  const name = 'kube-api-access';
  const mount = { name, mountPath: accountPath, readOnly: true };
  const volume = {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
  const containers = pod.spec.containers.map((container) => ({
    ...container,
    volumeMounts: [...(container.volumeMounts ?? []), mount],
  }));
  return { ...pod, spec: { ...pod.spec, containers, volumes: [...(pod.spec.volumes ?? []), volume] } };
}

/** Whether the account lets its pods have a token. Without the account there is none to have. */
export async function automounts(kube: Pick<KubeClient, 'get'>, pod: Pod): Promise<boolean> {
  const name = pod.spec?.serviceAccountName ?? 'default';
  const account = await kube.get(serviceAccounts, { namespace: pod.metadata.namespace ?? '', name });
  return account !== undefined && (account.automountServiceAccountToken ?? true);
}

interface TokenAnswer {
  readonly status: { readonly token: string };
}

/** Asks the API for tokens bound to the pod, and for a new one only when most of its life is over. */
export function tokenRequests(kube: Pick<KubeClient, 'subresource'>, clock: Clock): RequestToken {
  const known = new Map<string, { token: string; renewAtMs: number }>();
  return async (pod, request) => {
    const key = `${pod.metadata.uid ?? ''}|${request.audience ?? ''}`;
    const before = known.get(key);
    if (before && clock.now() < before.renewAtMs) return before.token;
    const { status } = await requestToken(kube, pod, request);
    const renewAtMs = clock.now() + request.expirationSeconds * 800;
    known.set(key, { token: status.token, renewAtMs });
    return status.token;
  };
}

function requestToken(
  kube: Pick<KubeClient, 'subresource'>,
  pod: Pod,
  { audience, expirationSeconds }: TokenRequest,
): Promise<TokenAnswer> {
  const { name, uid, namespace = '' } = pod.metadata;
  return kube.subresource({
    resource: serviceAccounts,
    name: { namespace, name: pod.spec?.serviceAccountName ?? 'default' },
    subresource: 'token',
    method: 'POST',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        expirationSeconds,
        ...(audience === undefined ? {} : { audiences: [audience] }),
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    },
  });
}
