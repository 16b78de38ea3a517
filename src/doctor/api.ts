import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { list } from '../config/words.ts';
import { allowRemedy } from '../immich/api/failure.ts';
import { isAllowed, readUser, type ServerVersion, versionText } from '../immich/api/server.ts';
import { FIELD_NAMES, type FieldName, FIELDS, USUAL_FIELDS } from '../writeback/fields/fields.ts';
import { keyPermissionsFor } from '../writeback/records/api.ts';
import type { Check } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import { lastFields } from './ledger.ts';
import { parseVersion } from './releases.ts';
import type { Subject } from './subject.ts';
import { isSetUp } from './write_sample.ts';

/** Immich's REST API, which write-back reads from unless it reads the database. */
export const API_CHECKS: readonly Check[] = [
  { group: 'api', name: 'api.server', look: lookAtServer },
  { group: 'api', name: 'api.key', look: lookAtKey },
  { group: 'api', name: 'api.config_file', look: lookAtConfigFile },
];

async function lookAtServer(subject: Subject): Promise<readonly Verdict[]> {
  const [version, { url }] = [await subject.server.get(), (await subject.config.use()).immich];
  return [judgeAnswer(version, (await subject.instance.orNothing())?.version, url)];
}

/** @param noted the version that the database tells */
export function judgeAnswer(version: ServerVersion, noted: string | undefined, url: string): Verdict {
  const other = noted === undefined ? undefined : parseVersion(noted);
  if (other !== undefined && versionText(other) !== versionText(version)) {
    return warn(
      `Immich at ${url} is version ${versionText(version)}, but the database belongs to ${versionText(other)}.`,
      'Check that IMMICH_API_URL and DB_HOSTNAME, DB_DATABASE_NAME are of the same installation.',
    );
  }
  return ok(`Immich ${versionText(version)} answers at ${url}.`);
}

async function lookAtKey(subject: Subject): Promise<readonly Verdict[]> {
  const [version, config] = [await subject.server.use(), await subject.config.use()];
  const permissions = await subject.permissions.get();
  const owner = isAllowed(permissions, 'user.read') ? (await readUser(await subject.api.use())).name : undefined;
  const { source, modules, stateDirectory } = config.write;
  const used = source === 'api' && isSetUp(config) ? [...USUAL_FIELDS, ...modules, ...lastFields(stateDirectory)] : [];
  return [judgeKey({ permissions, owner, version, used, source, makesLibraries: config.sharedAlbums !== undefined })];
}

interface KeyFacts {
  readonly permissions: readonly string[];
  /** Whose key it is. */
  readonly owner: string | undefined;
  readonly version: ServerVersion;
  /** What is written with it: `--all`, what `serve` writes, and what the last run wrote. Nothing where write-back reads the database. */
  readonly used: readonly FieldName[];
  readonly source: Config['write']['source'];
  /** Whether it is for the libraries of shared albums, too. */
  readonly makesLibraries: boolean;
}

export function judgeKey({ permissions, owner, version, used, source, makesLibraries }: KeyFacts): Verdict {
  const neededFor = (fields: readonly FieldName[]) => keyPermissionsFor(fields)(version);
  const lacks = (fields: readonly FieldName[]) =>
    neededFor(fields).filter((permission) => !isAllowed(permissions, permission));
  const whose = owner === undefined ? 'The API key' : `The API key of ${owner}`;
  if (makesLibraries && !isAllowed(permissions, 'library.create')) {
    return warn(
      `${whose} lacks library.create: members of shared albums who have no library yet would wait for one.`,
      allowRemedy(['library.create']),
    );
  }
  if (used.length === 0 && makesLibraries) {
    return ok(`${whose} is accepted. With it the library that a new member of a shared album needs is made.`);
  }
  if (used.length === 0) {
    const why = source === 'database'
      ? 'write-back reads the database'
      : 'write-back is not set up, and sharing works without';
    return ok(`${whose} is accepted. Nothing needs it: ${why}.`);
  }
  const missing = lacks(used);
  if (missing.length > 0) return fail(`${whose} lacks ${list(missing)}, which write needs.`, allowRemedy(missing));
  if (permissions.includes('all')) {
    return ok(`${whose} may do everything; ${list(neededFor(used))} would be enough for write.`);
  }
  const flags = FIELD_NAMES
    .filter((field) => lacks([field]).length > 0)
    .map((field) => `--${FIELDS[field].flag} (${list(lacks([field]))})`);
  return ok(`${whose} has what write needs${flags.length === 0 ? '' : `, but not for ${list(flags)}`}.`);
}

const featuresAnswer = z.object({ configFile: z.boolean() });

async function lookAtConfigFile(subject: Subject): Promise<readonly Verdict[]> {
  await subject.server.use();
  const { configFile } = await (await subject.api.use()).get('/server/features', featuresAnswer);
  return [judgeConfigFile(configFile)];
}

export function judgeConfigFile(hasConfigFile: boolean): Verdict {
  if (!hasConfigFile) return ok('Immich has its settings in the database, where this program reads them.');
  return warn(
    'Immich has its settings in a file (IMMICH_CONFIG_FILE), which this program cannot read.',
    'If machine learning is not wholly on there, say in each share what is required or ignored (docs/configuration.md).',
  );
}
