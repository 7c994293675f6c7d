/** What pods are fed from: the objects their volumes and variables name, as the kubelet sees them now. */
import type { ConfigMap, Pod, Secret } from '../../../operator/kube/resources.ts';

export interface Sources {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  /** Directory behind a claim; undefined while it has none. */
  claimDirectory(namespace: string, name: string): string | undefined;
}

export interface TokenRequest {
  readonly audience?: string;
  readonly expirationSeconds: number;
}

/** Asks for a token that acts as the pod's ServiceAccount and dies with the pod. */
export type RequestToken = (pod: Pod, request: TokenRequest) => Promise<string>;
