import { type Config, isSharing } from '../config/config.ts';
import { count } from '../config/words.ts';
import { assertImmichAtRest, readMigrations } from '../immich/migrations.ts';
import { missingFrom } from '../immich/requirements.ts';
import { differencesFrom, NEWEST_RELEASE } from '../immich/newest_release.ts';
import { planSchema } from '../immich/schema.ts';
import { FaultError } from '../postgres/faults.ts';
import type { Check } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import { isNewerThanKnown, judgeDifferences, judgeRelease } from './releases.ts';
import { lookAtSettings } from './settings.ts';
import type { Subject } from './subject.ts';

/** Immich's database. */
export const IMMICH_CHECKS: readonly Check[] = [
  { group: 'immich', name: 'immich.version', look: lookAtVersion },
  { group: 'immich', name: 'immich.migrations', look: lookAtMigrations },
  { group: 'immich', name: 'immich.schema', look: lookAtSchema },
  { group: 'immich', name: 'immich.unknown', look: lookAtUnknown },
  { group: 'immich', name: 'immich.settings', look: lookAtSettings },
];

async function lookAtVersion(subject: Subject): Promise<readonly Verdict[]> {
  await subject.catalog.get(); // here it is told that a database is not Immich's
  await subject.schema.use(); // what it lacks is told by immich.schema
  const { version, mediaLocation } = await subject.instance.get();
  const judged = judgeRelease(version, mediaLocation);
  return isNewerThanKnown(version)
    ? [judged, judgeDifferences(differencesFrom(NEWEST_RELEASE, await subject.catalog.use()))]
    : [judged];
}

async function lookAtMigrations(subject: Subject): Promise<readonly Verdict[]> {
  await subject.catalog.use();
  const sql = await subject.sql.use();
  try {
    await assertImmichAtRest(sql);
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault !== 'conflict') throw error;
    return [warn(error.message, error.remedy)];
  }
  const [number = '', last = ''] = (await readMigrations(sql)).split(' ');
  if (last === '') return [ok('Immich is at rest.')];
  return [ok(`Immich is at rest: ${count(Number(number), 'migration')} so far, the last ${last}.`)];
}

async function lookAtSchema(subject: Subject): Promise<readonly Verdict[]> {
  const [catalog, config] = [await subject.catalog.use(), await subject.config.use()];
  const missing = missingFrom(catalog, 'sharing');
  if (missing.length > 0) return missing.map((what) => judgeMissing(what, config));
  planSchema(catalog); // refuses what must not be copied and cannot be left out
  return [ok(`Immich's ${count(catalog.size, 'table')} have all that sharing needs.`)];
}

/** @param what a sentence without its beginning and end, from missingFrom */
export function judgeMissing(what: string, config: Pick<Config, 'jobs' | 'sharedAlbums'>): Verdict {
  const message = `${what.charAt(0).toUpperCase()}${what.slice(1)}.`;
  const remedy =
    'Update immich-sidecar, or report this together with the version of Immich. Nothing is shared until then.';
  return isSharing(config) ? fail(message, remedy) : warn(message, remedy);
}

async function lookAtUnknown(subject: Subject): Promise<readonly Verdict[]> {
  const { notes } = await subject.schema.use();
  if (notes.length === 0) return [ok('No table or reference of Immich is unknown to this program.')];
  return notes.map((note) =>
    warn(note, 'What is in there is missing from shared photos. Look whether there is a newer immich-sidecar.')
  );
}
