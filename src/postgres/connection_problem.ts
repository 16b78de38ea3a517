import type { DatabaseConfig } from '../config/config.ts';
import { messageOf, UserError } from '../errors.ts';
import type { ProblemCode } from '../problems/codes.ts';
import { FaultError, faultOf, sqlStateOf } from './faults.ts';
import { isPoolersRefusal, PoolerError } from './pooler.ts';
import { serverName, socketPath } from './server_name.ts';

/** What PostgreSQL, the network or TLS said about connecting, as a message with a remedy. Never contains the password. */
export function connectionProblem(error: unknown, config: DatabaseConfig): unknown {
  if (isPoolersRefusal(error)) return new PoolerError(error);
  const problem = loginProblem(error, config) ?? tlsProblem(error, config) ?? socketProblem(error, config);
  if (problem !== undefined) {
    return new UserError(problem.message, { problemCode: problem.code, remedy: problem.remedy, cause: error });
  }
  const code = sqlStateOf(error);
  // Elsewhere these are errors about files.
  const isSocketAway = socketPath(config) !== undefined && (code === 'ENOENT' || code === 'ENOTDIR');
  if (faultOf(error) !== 'lost' && !isSocketAway) return error;
  const isServer = /^\d/.test(code);
  const message = isServer
    ? `PostgreSQL at ${serverName(config)} does not take connections now: ${messageOf(error)}.`
    : `No PostgreSQL answers at ${serverName(config)} (${code}).`;
  return new FaultError('lost', message, {
    remedy: 'Check DB_HOSTNAME and DB_PORT, that Immich is running, and that this program shares its network.',
    cause: error,
  });
}

interface Words {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

function loginProblem(error: unknown, config: DatabaseConfig): Words | undefined {
  const where = `PostgreSQL at ${serverName(config)}`;
  const user = `the user ${JSON.stringify(config.username)}`;
  switch (sqlStateOf(error)) {
    case '28000':
      // "no encryption" since PostgreSQL 15, "SSL off" before; so is its own translation of pg_hba.conf, which is a file name.
      if (!messageOf(error).includes('pg_hba.conf')) break;
      if (config.tls === undefined) {
        return {
          code: 'database-login',
          message: `${where} lets ${user} in over TLS only, or not from here: ${messageOf(error)}.`,
          remedy:
            'Set DB_SSL_MODE=require (or verify-full, with the certificate of the authority in DB_SSL_ROOT_CERT).',
        };
      }
      return {
        code: 'database-login',
        message: `${where} does not let ${user} in from here: ${messageOf(error)}.`,
        remedy:
          'Add a line for this program to pg_hba.conf of PostgreSQL, or set DB_SSL_MODE=disable if it has one without TLS.',
      };
    case '28P01':
      break;
    case '3D000':
      return {
        code: 'database-name',
        message: `${where} has no database ${JSON.stringify(config.name)}.`,
        remedy: 'Set DB_DATABASE_NAME to the value in the .env of Immich (usually "immich").',
      };
    default:
      return undefined;
  }
  return {
    code: 'database-login',
    message: `${where} refused ${user}.`,
    remedy: 'Set DB_USERNAME and DB_PASSWORD (or DB_PASSWORD_FILE) to the values in the .env of Immich.',
  };
}

function socketProblem(error: unknown, config: DatabaseConfig): Words | undefined {
  const path = socketPath(config);
  if (path === undefined || !/^(EACCES|EPERM|ENOTSOCK)$/.test(sqlStateOf(error))) return undefined;
  return {
    code: 'database-login',
    message: `The socket ${path} of PostgreSQL cannot be used: ${messageOf(error)}.`,
    remedy: 'Let the user that immich-sidecar runs as read and write it (unix_socket_permissions, unix_socket_group).',
  };
}

/** Codes of node:tls: those of OpenSSL for certificates, and those of Node itself. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|ERROR_IN_CERT|ERR_TLS_CERT_|PATH_LENGTH)/;
const TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO|ERR_OSSL)/;

function tlsProblem(error: unknown, config: DatabaseConfig): Words | undefined {
  const where = `PostgreSQL at ${serverName(config)}`;
  const code = sqlStateOf(error);
  if (code === 'TLS_REFUSED') {
    return {
      code: 'database-tls',
      message: `${where} has no TLS, and DB_SSL_MODE or DB_URL asks for it.`,
      remedy: 'Turn "ssl" on in postgresql.conf, or set DB_SSL_MODE=disable if nobody else can read this network.',
    };
  }
  if (code === 'CLEARTEXT_PASSWORD') {
    return {
      code: 'database-tls',
      message: `${where} asks for the password without encryption, so it was not sent.`,
      remedy:
        'Set DB_SSL_MODE=require, or use scram-sha-256 instead of password in pg_hba.conf. If nobody has set "password" there, somebody is listening.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      code: 'database-tls',
      message: `The certificate of ${where} is for another host: ${messageOf(error)}`,
      remedy: 'Set DB_HOSTNAME to a name that the certificate is for, or DB_SSL_MODE=verify-ca.',
    };
  }
  if (CERTIFICATE.test(code)) {
    return {
      code: 'database-tls',
      message: `The certificate of ${where} is not trusted: ${messageOf(error)}.`,
      remedy:
        'Set DB_SSL_ROOT_CERT to a file with the certificate of its authority, or DB_SSL_MODE=require to do without verifying it.',
    };
  }
  if (!TLS.test(code)) return undefined;
  return {
    code: 'database-tls',
    message: `No encrypted connection to ${where}: ${messageOf(error)}.`,
    remedy:
      'Check which versions of TLS the server offers, and whether it wants a certificate of the client (sslcert and sslkey in DB_URL).',
  };
}
