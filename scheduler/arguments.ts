/** The command line. */
import { parseArgs } from 'node:util';
import { AppError } from '../common/errors.ts';

export const usage = `usage: scheduler [--config FILE]

  --config FILE   configuration; without it ./config.toml, and without that the built-in defaults
  --version       print the version
  --help          print this

environment:
  LINGUA_BIND_ADDRESS       listening address of every port, instead of [server] host
  LINGUA_ADMIN_TOKEN_FILE   file with the bearer token of the admin API; without it the API refuses every call
  POD_NAME POD_UID POD_INDEX   who this pod is; instance_id is checked against them
  LOG_LEVEL LOG_FORMAT      trace to fatal; json or pretty
`;

export type Arguments =
  | { readonly kind: 'run'; readonly config: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** @throws AppError `config` for anything that is not in `usage` */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
    if (values.help) return { kind: 'help' };
    if (values.version) return { kind: 'version' };
    return { kind: 'run', config: values.config };
  } catch (error) {
    const [why] = (error as Error).message.split('. ');
    throw new AppError('config', `${why ?? ''}; see --help`);
  }
}
