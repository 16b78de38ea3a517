import type { DatabaseConfig } from '../config/config.ts';
import { hostAndPort } from '../config/hosts.ts';

type Server = Pick<DatabaseConfig, 'hostname' | 'port'>;

/** The file of the Unix socket that a server listens at; undefined when it is reached over the network. */
export function socketPath({ hostname, port }: Server): string | undefined {
  return hostname.startsWith('/') ? `${hostname}/.s.PGSQL.${port}` : undefined;
}

/** `db:5432`, `[::1]:5432` or the file of a socket. */
export function serverName(server: Server): string {
  return socketPath(server) ?? hostAndPort(server);
}
