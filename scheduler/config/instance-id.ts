/**
 * Who this instance is. Two processes under one id read each other's inbox, so a doubtful id is refused at the start
 * rather than found out in production.
 */
import { AppError } from '../../common/errors.ts';

export interface PodIdentity {
  readonly name: string | undefined;
  readonly index: string | undefined;
}

export interface HostIdentity {
  readonly hostname: string;
  readonly pid: number;
  /** Hexadecimal digits that tell two lives of one pid apart. */
  readonly boot: string;
}

/**
 * The instance id: as configured; for `auto` or nothing the pod's name, else host name, pid and chance.
 *
 * @throws AppError `config` when it cannot be right
 */
export function resolveInstanceId(configured: string, pod: PodIdentity, host: HostIdentity): string {
  const asked = configured.trim();
  if (asked === '' || asked === 'auto') return checked(pod.name ?? generated(host), pod);
  return checked(asked, pod);
}

function checked(id: string, pod: PodIdentity): string {
  if (pod.name === undefined) return id;
  if (id !== pod.name) {
    throw refuse(
      `${JSON.stringify(id)} is not this pod's name ${JSON.stringify(pod.name)}: this file is another pod's`,
    );
  }
  if (pod.index !== undefined && !pod.name.endsWith(`-${pod.index}`)) {
    throw refuse(
      `pod name ${JSON.stringify(pod.name)} does not end in this pod's index ${JSON.stringify(pod.index)}`,
    );
  }
  return id;
}

const generated = ({ hostname, pid, boot }: HostIdentity): string =>
  `${hostname.replace(/[^A-Za-z0-9_.:-]/g, '-').slice(0, 64)}-${String(pid)}-${boot.slice(0, 8)}`;

const refuse = (why: string): AppError => new AppError('config', `scheduler.phase2.instance_id: ${why}`);
