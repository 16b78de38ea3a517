import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { dotEnvValues } from '../../config/dot_env.ts';
import { interpolate, type Variables } from '../../config/interpolate.ts';
import { quote } from '../../config/quote.ts';
import { databaseUrl, sslMode } from '../../config/database_values.ts';
import { Secret } from '../../config/secret.ts';
import { readTextFile } from '../../config/text_file.ts';
import { UserError } from '../../errors.ts';
import { isRecord, listOf, networkOf, projectOf, userOf } from './container.ts';
import type { ComposeFacts, FoundDatabase, Mount } from './facts.ts';
import { mountOf } from './volumes.ts';

/** Compose looks for these, in this order. */
const COMPOSE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** Where Immich keeps its files inside its container unless it is told otherwise: since 1.136, and before. */
const MEDIA_LOCATIONS = ['/data', '/usr/src/app/upload'];

const IMMICH_PORT = 2283;

type Service = Readonly<Record<string, unknown>>;

/** What one file says, with all variables put in. */
interface ComposeFile {
  readonly services: readonly Service[];
  /** The project's name: Docker's networks begin with it. */
  readonly project: string;
  readonly networks: Readonly<Record<string, unknown>>;
}

/** Where Immich is usually installed, seen from the working directory of somebody who installs this beside it. */
export function usualPlaces(cwd: string, home: string): readonly string[] {
  return [
    ...['.', '../immich', '../immich-app', '../immich/docker'].map((path) => resolve(cwd, path)),
    ...['immich', 'immich-app', 'docker/immich'].map((path) => resolve(home, path)),
    ...['/opt/immich', '/opt/immich-app', '/srv/immich', '/opt/stacks/immich'],
    ...['/volume1/docker/immich', '/volume1/docker/immich-app', '/mnt/user/appdata/immich'],
  ];
}

/** The first usual place with a Compose file of Immich. */
export function findCompose(cwd: string, home: string): string | undefined {
  return usualPlaces(cwd, home).find((place) => {
    try {
      readCompose(place, cwd, home);
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  });
}

/**
 * Reads Immich's Compose file, the override beside it and the `.env` files that it uses.
 *
 * @param path the file, or the directory it is in
 * @throws {UserError} saying what is wrong with it
 */
export function readCompose(path: string, cwd: string, home: string): ComposeFacts {
  const file = composeFile(resolve(cwd, path.replace(/^~(?=\/|$)/, home)));
  const directory = dirname(file);
  const variables = readVariables(`${directory}/.env`);
  const { services, project, networks } = mergedFile(file, variables);
  const server = services.find(({ image }) => /immich-server(?::|@|$)/.test(String(image))) ??
    services.find(({ name, container_name }) => /^immich[-_]server$/.test(String(container_name ?? name)));
  if (server === undefined) {
    throw new UserError(`${quote(file)} has no service of Immich's server (image …/immich-server).`, {
      problemCode: 'compose-file',
      remedy: 'Name the docker-compose.yml with which Immich itself is started.',
    });
  }
  const environment = environmentOf(server, directory, variables);
  const port = Number(environment.IMMICH_PORT ?? IMMICH_PORT);
  const mounts = listOf(server.volumes).flatMap((entry) => mountOf(entry, directory, home) ?? []);
  return {
    file,
    mounts,
    mediaLocation: mediaLocationOf(mounts, environment),
    database: databaseOf(services, environment, directory, variables),
    immichPort: publishedPort(server, port),
    server: { hostname: String(server.container_name ?? server.name), port },
    network: networkOf(server, networks, variables.COMPOSE_PROJECT_NAME || project),
    user: userOf(server, environment),
    timeZone: environment.TZ || undefined,
  };
}

function composeFile(path: string): string {
  const candidates = isDirectory(path) ? COMPOSE_NAMES.map((name) => `${path}/${name}`) : [path];
  const found = candidates.find((candidate) => readTextFile(candidate).state !== 'missing');
  if (found !== undefined) return found;
  throw new UserError(
    isDirectory(path) ? `${quote(path)} contains no docker-compose.yml.` : `There is no file ${quote(path)}.`,
    {
      problemCode: 'compose-file',
      remedy: 'Name the directory in which you run "docker compose up -d" for Immich, or "none".',
    },
  );
}

function isDirectory(path: string): boolean {
  return readTextFile(path).state === 'directory';
}

/** A missing `.env` is an empty one: everything may stand in the Compose file. */
function readVariables(path: string): Variables {
  const file = readTextFile(path);
  if (file.state === 'missing') return {};
  if (file.state !== 'read') {
    throw new UserError(`${quote(path)}, which belongs to Immich's Compose file, ${file.complaint}.`, {
      problemCode: 'compose-file',
      remedy: 'Run setup as a user who may read it.',
    });
  }
  return dotEnvValues(file.text);
}

/** The file with what an override beside it adds to its services. Each has its `name`. */
function mergedFile(file: string, variables: Variables): ComposeFile {
  const { services, ...rest } = readFile(file, variables);
  const override = file.replace(/\.(ya?ml)$/, '.override.$1');
  const added = readTextFile(override).state === 'read' ? readFile(override, variables).services : [];
  const merged = services.map((service) => {
    const other = added.find(({ name }) => name === service.name);
    if (other === undefined) return service;
    return {
      ...service,
      ...other,
      image: other.image ?? service.image,
      volumes: [...listOf(service.volumes), ...listOf(other.volumes)],
      ports: [...listOf(service.ports), ...listOf(other.ports)],
      environment: { ...namesAndValues(service.environment), ...namesAndValues(other.environment) },
    };
  });
  return { services: merged, ...rest };
}

function readFile(file: string, variables: Variables): ComposeFile {
  const text = readTextFile(file);
  if (text.state !== 'read') {
    throw new UserError(`${quote(file)} ${text.complaint}.`, {
      problemCode: 'compose-file',
      remedy: 'Run setup as a user who may read it.',
    });
  }
  // Only codes are shown: the parser's own words may quote a password.
  const document = parseDocument(text.text, { merge: true, logLevel: 'silent' });
  const [error] = document.errors;
  const content: unknown = error === undefined ? document.toJS() : undefined;
  if (!isRecord(content) || !isRecord(content.services)) {
    const line = error?.linePos?.[0].line;
    throw new UserError(
      `${quote(file)} cannot be understood${line === undefined ? ': it has no services' : `, see line ${line}`}.`,
      {
        problemCode: 'compose-file',
        remedy: 'Name Immich\'s docker-compose.yml, and check it with "docker compose config".',
      },
    );
  }
  const services = Object.entries(content.services).map(([name, service]) => {
    const expanded = expandAll(service, variables);
    return { ...isRecord(expanded) ? expanded : {}, name };
  });
  const networks = expandAll(content.networks, variables);
  return {
    services,
    project: interpolate(String(content.name ?? projectOf(file)), variables),
    networks: isRecord(networks) ? networks : {},
  };
}

/** The same with variables put into every text. */
function expandAll(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return interpolate(value, variables);
  if (Array.isArray(value)) return value.map((item) => expandAll(item, variables));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expandAll(item, variables)]));
}

/** The variables that a service runs with: those of its files, then its own. */
function environmentOf(service: Service, directory: string, variables: Variables): Variables {
  const files = typeof service.env_file === 'string' ? [service.env_file] : listOf(service.env_file);
  const fromFiles = files.map((file) => {
    const path = isRecord(file) ? file.path : file;
    return typeof path === 'string' ? readVariables(resolve(directory, path)) : {};
  });
  // `NAME:` without a value takes it from the shell or the .env.
  const own = Object.entries(namesAndValues(service.environment)).map(([name, value]) => [
    name,
    value ?? variables[name],
  ]);
  return Object.assign({}, ...fromFiles, Object.fromEntries(own));
}

/** `environment:` as a mapping or as a list of `NAME=value`. */
function namesAndValues(environment: unknown): Readonly<Record<string, string | undefined>> {
  const pairs = Array.isArray(environment)
    ? environment.map((entry) => {
      const [name = '', ...value] = String(entry).split('=');
      return [name, value.length === 0 ? undefined : value.join('=')];
    })
    : Object.entries(isRecord(environment) ? environment : {})
      .map(([name, value]) => [name, value === null || value === undefined ? undefined : String(value)]);
  return Object.fromEntries(pairs);
}

function mediaLocationOf(mounts: readonly Mount[], environment: Variables): string | undefined {
  const told = environment.IMMICH_MEDIA_LOCATION?.replace(/\/+$/, '');
  if (told?.startsWith('/')) return told;
  return MEDIA_LOCATIONS.find((location) => mounts.some(({ immich }) => immich === location));
}

function databaseOf(
  services: readonly Service[],
  environment: Variables,
  directory: string,
  variables: Variables,
): FoundDatabase {
  const url = databaseUrl.schema.safeParse(environment.DB_URL).data;
  const hostname = url?.hostname ?? (environment.DB_HOSTNAME || 'database');
  const port = url?.port ?? Number(environment.DB_PORT || 5432);
  const service = services.find(({ name, container_name }) => name === hostname || container_name === hostname);
  const own = service === undefined ? {} : environmentOf(service, directory, variables);
  const password = url?.password.reveal() || environment.DB_PASSWORD || own.POSTGRES_PASSWORD;
  return {
    hostname,
    port,
    username: url?.username ?? environment.DB_USERNAME ?? own.POSTGRES_USER ?? 'postgres',
    name: url?.name ?? (environment.DB_DATABASE_NAME || own.POSTGRES_DB || 'immich'),
    password: password ? new Secret(password) : undefined,
    tlsMode: url?.mode ?? sslMode.schema.safeParse(environment.DB_SSL_MODE || 'disable').data ?? 'disable',
    publishedPort: service === undefined ? undefined : publishedPort(service, port),
  };
}

/** The port of the host that leads to one of the container: `8080:2283`, `127.0.0.1:8080:2283/tcp`, or the long form. */
function publishedPort(service: Service, target: number): number | undefined {
  for (const entry of listOf(service.ports)) {
    if (isRecord(entry) && Number(entry.target) === target && entry.published) return Number(entry.published);
    const [, published, inside] = /(?:^|:)(\d+):(\d+)(?:\/tcp)?$/.exec(String(entry)) ?? [];
    if (Number(inside) === target) return Number(published);
  }
  return undefined;
}
