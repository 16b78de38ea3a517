import { resolve } from 'node:path';
import type { DatabaseConfig, TlsConfig, TlsMode } from './config.ts';
import type { DatabaseUrl } from './database_values.ts';
import type { ConfigProblem } from './problems.ts';
import { plain } from './quote.ts';
import type { SettingsReader } from './reader.ts';
import { Secret } from './secret.ts';
import type { SettingName } from './settings.ts';
import { readTextFile } from './text_file.ts';

/** Enough for a first copy on two cores. */
const DEFAULT_CONNECTIONS = 4;

/** What DB_URL says in their place, as in Immich. */
const PARTS: readonly SettingName[] = [
  'DB_HOSTNAME',
  'DB_PORT',
  'DB_USERNAME',
  'DB_PASSWORD',
  'DB_DATABASE_NAME',
  'DB_SSL_MODE',
];

/** The settings of the connection to PostgreSQL. */
export function readDatabaseConfig(
  settings: SettingsReader,
  vectorWorkers: number,
  cwd: string,
  problems: ConfigProblem[],
  notes: string[],
): DatabaseConfig {
  const url = settings.read('DB_URL');
  // One more holds the lock, and one plans.
  const maxConnections = settings.read('DB_MAX_CONNECTIONS') ?? Math.max(DEFAULT_CONNECTIONS, vectorWorkers + 2);
  const tls = readTls(settings, url, cwd, problems);
  const parts = {
    hostname: settings.read('DB_HOSTNAME'),
    port: settings.read('DB_PORT'),
    username: settings.read('DB_USERNAME'),
    password: settings.read('DB_PASSWORD'),
    name: settings.read('DB_DATABASE_NAME'),
  };
  if (url === undefined) return { ...parts, maxConnections, ...tls };
  const ignored = PARTS.flatMap((name) => settings.find(name) ?? []);
  if (ignored.length > 0) {
    const names = ignored.map(({ key, place }) => `${key} (${place})`).join(', ');
    notes.push(`DB_URL is used, so these settings of the database are ignored: ${names}.`);
  }
  const { hostname, port, username, password, name } = url;
  return { hostname, port, username, password, name, maxConnections, ...tls };
}

/** TLS is not for sockets, on which nobody else listens. */
function readTls(
  settings: SettingsReader,
  url: DatabaseUrl | undefined,
  cwd: string,
  problems: ConfigProblem[],
): { readonly tls?: TlsConfig } {
  const mode: TlsMode = url?.mode ?? settings.read('DB_SSL_MODE');
  const authorities = settings.read('DB_SSL_ROOT_CERT') ?? url?.rootCertificateFile;
  const isAlone = (url?.certificateFile === undefined) !== (url?.keyFile === undefined);
  if (isAlone) complain(settings, problems, 'DB_URL', 'has only one of sslcert and sslkey', 'Write both or none.');
  const read = (path: string | undefined, setting: SettingName, what: Pem) =>
    path === undefined ? undefined : readPem(resolve(cwd, path), what, settings, setting, problems);
  const ca = read(
    authorities,
    settings.find('DB_SSL_ROOT_CERT') === undefined ? 'DB_URL' : 'DB_SSL_ROOT_CERT',
    'CERTIFICATE',
  );
  const cert = read(url?.certificateFile, 'DB_URL', 'CERTIFICATE');
  const key = read(url?.keyFile, 'DB_URL', 'PRIVATE KEY');
  if (mode === 'disable') return {};
  return {
    tls: {
      mode,
      ...(ca !== undefined && { authorities: ca }),
      ...(cert !== undefined && key !== undefined && { client: { certificate: cert, key: new Secret(key) } }),
    },
  };
}

type Pem = 'CERTIFICATE' | 'PRIVATE KEY';

function readPem(
  path: string,
  what: Pem,
  settings: SettingsReader,
  setting: SettingName,
  problems: ConfigProblem[],
): string | undefined {
  const file = readTextFile(path);
  if (file.state === 'read' && new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(file.text)) return file.text;
  const complaint = file.state === 'read' ? `holds no "-----BEGIN ${what}-----"` : file.complaint;
  complain(
    settings,
    problems,
    setting,
    `the file ${plain(path)} ${complaint}`,
    'Name a file in PEM format that this program can read.',
  );
  return undefined;
}

function complain(
  settings: SettingsReader,
  problems: ConfigProblem[],
  name: SettingName,
  message: string,
  remedy: string,
): void {
  const { key, place } = settings.find(name) ?? { key: name, place: 'environment' };
  problems.push({ key, place, message, remedy });
}
