/** A client for the user that a kubeconfig names. */
import { kubeconfigLogin } from './credentials.ts';
import { connectAs, type ClientOptions, type KubeClient } from './http-client.ts';
import { readKubeconfig, type KubeconfigSource } from './kubeconfig.ts';
import type { Login } from './login.ts';

export type { DeleteOptions, KubeClient, SubresourceRequest } from './http-client.ts';

export interface ConnectOptions extends KubeconfigSource, Omit<ClientOptions, 'login'> {
  /** Instead of a kubeconfig. */
  readonly login?: Login;
}

/**
 * Reads the credentials and returns a client; it does not talk to the server yet.
 * Throws `config` when there is no usable kubeconfig.
 */
export const connect = ({ login, ...options }: ConnectOptions): KubeClient =>
  connectAs({
    ...options,
    login: login ?? kubeconfigLogin(() => readKubeconfig(options), options.clock),
  });
