/** A login by a kubeconfig. */
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import type { Kubeconfig } from './kubeconfig.ts';
import { Sessions, type Login } from './login.ts';

/**
 * Throws `config` when there is no usable kubeconfig.
 *
 * @param read what reads it; in a bundle it comes from another file, whose errors are only sentences
 */
export function kubeconfigLogin(read: () => Kubeconfig, clock: Clock): Login {
  const { server, namespace, said } = readOrSayWhy(read);
  const sessions = new Sessions(said, clock);
  return { server, namespace, current: () => sessions.current(), close: () => sessions.close() };
}

function readOrSayWhy(read: () => Kubeconfig): Kubeconfig {
  try {
    return read();
  } catch (error) {
    const { message, cause } = error as Error;
    throw new AppError('config', message, { cause });
  }
}
