import { parse } from 'pg-connection-string';
import { z } from 'zod';
import type { TlsMode } from './config.ts';
import { databaseHost } from './hosts.ts';
import { Secret } from './secret.ts';
import { choice, type ValueType } from './values.ts';

const modes = choice('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full');

/** The words of libpq. `allow`, which Immich knows too, would try without TLS first: `prefer` gives the same, and more safely. */
export const sslMode: ValueType<TlsMode> = {
  ...modes,
  schema: modes.schema.transform((mode) => mode === 'allow' ? 'prefer' : mode),
};

/** What DB_URL says about a database; files are not read yet. */
export interface DatabaseUrl {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
  readonly name: string;
  readonly mode: TlsMode;
  readonly rootCertificateFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
}

/**
 * What `sslmode` means to Immich, which hands DB_URL to pg-connection-string and what that makes of it to postgres.js: everything but these two
 * verifies certificate and name (pg-connection-string 2.14; libpq is less strict).
 */
const MODES: Readonly<Record<string, TlsMode>> = Object.freeze({
  'disable': 'disable',
  'no-verify': 'require',
  'prefer': 'verify-full',
  'require': 'verify-full',
  'verify-ca': 'verify-full',
  'verify-full': 'verify-full',
});

/** Read by the parser as files, or warned about on stderr: these are ours to look at. */
const TLS_PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl', 'sslnegotiation'] as const;

/** `postgres://user:password@host:port/database?sslmode=…`, also with a socket: `postgres://user@/database?host=/run/postgresql`. */
export const databaseUrl: ValueType<DatabaseUrl> = {
  schema: z.string('is not a single value').trim().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: error instanceof Complaint ? error.message : 'is not the address of a database',
      });
      return z.NEVER;
    }
  }),
  remedy:
    'Write it as Immich has it: postgresql://user:password@host:5432/immich, with special characters of the password percent-encoded (# is %23).',
};

class Complaint extends Error {}

function read(text: string): DatabaseUrl {
  if (!/^(postgres|postgresql|socket):\/?/i.test(text)) throw new Complaint('does not begin with postgresql://');
  const [address = '', query = ''] = splitAtFirst(text, '?');
  const parameters = new URLSearchParams(query);
  const tls = Object.fromEntries(TLS_PARAMETERS.map((name) => [name, parameters.getAll(name).at(-1)]));
  for (const name of TLS_PARAMETERS) parameters.delete(name);
  const { host, port, user, password, database } = parse(parameters.size === 0 ? address : `${address}?${parameters}`);
  const hostname = databaseHost.schema.safeParse(host || 'localhost');
  if (!hostname.success) throw new Complaint(`has a host that ${hostname.error.issues[0]?.message}`);
  const portNumber = port ? Number(port) : 5432;
  if (!(portNumber >= 1 && portNumber <= 65_535)) throw new Complaint('has a port that is not between 1 and 65535');
  if (!user) throw new Complaint('names no user');
  return {
    hostname: hostname.data,
    port: portNumber,
    username: user,
    password: new Secret(password ?? ''),
    name: database || user,
    mode: modeOf(tls),
    rootCertificateFile: tls.sslrootcert,
    certificateFile: tls.sslcert,
    keyFile: tls.sslkey,
  };
}

function modeOf({ ssl, sslmode, sslnegotiation, ...files }: Readonly<Record<string, string | undefined>>): TlsMode {
  if (sslnegotiation !== undefined && sslnegotiation !== 'postgres') {
    throw new Complaint('has an sslnegotiation that is not supported here');
  }
  if (sslmode !== undefined) {
    const mode = MODES[sslmode];
    if (mode === undefined) throw new Complaint('has an sslmode that Immich does not know');
    return mode;
  }
  if (ssl === '0' || ssl === 'false') return 'disable';
  const isWanted = ssl !== undefined || Object.values(files).some((file) => file !== undefined);
  return isWanted ? 'verify-full' : 'disable';
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
