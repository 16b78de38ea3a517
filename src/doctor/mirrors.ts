import { plain } from '../config/quote.ts';
import { count, counted, dayOf, list, named, plural } from '../config/words.ts';
import { isInstanceAtWork } from '../postgres/lock.ts';
import { newestVersion } from '../postgres/migrate.ts';
import type { Sql } from '../postgres/connect.ts';
import { readBrakes, type RememberedBrake } from '../share/brake/remembered.ts';
import { findLeftovers, type Leftovers } from '../share/cycle/leftovers.ts';
import { LIMITS } from '../share/cycle/limits.ts';
import type { View } from '../share/cycle/tools.ts';
import { readUnfinished } from '../share/mirrors/journal.ts';
import { MIGRATIONS } from '../share/schema/migrations.ts';
import type { Check } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import { lookAtMirrorFiles } from './mirror_files.ts';
import { lookAtPredecessor } from './predecessor.ts';
import type { Subject } from './subject.ts';

/** What was shared so far. */
export const MIRROR_CHECKS: readonly Check[] = [
  { group: 'mirrors', name: 'mirrors.schema', look: lookAtSchema },
  { group: 'mirrors', name: 'mirrors.predecessor', look: lookAtPredecessor },
  { group: 'mirrors', name: 'mirrors.unfinished', look: lookAtUnfinished },
  { group: 'mirrors', name: 'mirrors.brakes', look: lookAtBrakes },
  { group: 'mirrors', name: 'mirrors.stopped', look: lookAtStops },
  { group: 'mirrors', name: 'mirrors.offline', look: lookAtOffline },
  { group: 'mirrors', name: 'mirrors.people', look: lookAtTwins },
  { group: 'mirrors', name: 'mirrors.left', look: lookAtLeftovers },
  { group: 'mirrors', name: 'mirrors.files', isThorough: true, look: lookAtMirrorFiles },
];

async function lookAtSchema(subject: Subject): Promise<readonly Verdict[]> {
  return [judgeOwnSchema(await subject.ownVersion.get(), newestVersion(MIGRATIONS))];
}

/** @param version 0 = there is none */
export function judgeOwnSchema(version: number, newest: number): Verdict {
  if (version > newest) {
    return fail(
      `The schema immich_sidecar has version ${version}, but this program knows only up to ${newest}.`,
      'A newer immich-sidecar has worked on this database: install that version or a later one.',
    );
  }
  if (version === 0) return ok('Our own tables are not there yet; the first sync makes them.');
  if (version < newest) return ok(`Our own tables have version ${version}; the next sync brings them to ${newest}.`);
  return ok(`Our own tables are there, version ${version}.`);
}

async function lookAtUnfinished(subject: Subject): Promise<readonly Verdict[]> {
  await subject.schema.use();
  const sql = await subject.ownTables.use();
  const unfinished = await readUnfinished(sql);
  return [judgeUnfinished(unfinished.length, await isInstanceAtWork(sql))];
}

/** @param isAtWork whether an instance is at work, whose unfinished work looks the same */
export function judgeUnfinished(entries: number, isAtWork: boolean): Verdict {
  if (isAtWork) return ok('An immich-sidecar is at work on this database; what it has begun it finishes.');
  if (entries === 0) return ok('No run has left anything unfinished; none is at work.');
  return warn(
    `${count(entries, 'file was', 'files were')} being linked or removed when a run ended.`,
    'The next sync finishes that or undoes it.',
  );
}

async function lookAtBrakes(subject: Subject): Promise<readonly Verdict[]> {
  const brakes = await readBrakes(await subject.ownTables.use());
  return brakes.length === 0 ? [ok('Nothing is held back.')] : brakes.map(judgeBrake);
}

/** What happened to the originals. */
const CAUSES: Readonly<Record<string, string>> = Object.freeze({
  'source-deleted': 'deleted from Immich',
  'source-trashed': "in the owner's trash",
  'source-offline': 'not found by Immich',
  'not-selected': 'not selected by any share',
});

/** The same of photos that are gone from the recipient's account. */
const GONE = 'target-deleted';

export function judgeBrake({ job, mirrors, total, reasons, since, confirmedAt }: RememberedBrake): Verdict {
  const name = named(job);
  if (confirmedAt !== null) {
    return warn(
      `${name}: ${mirrors} of ${total} shared photos are about to be removed, as somebody confirmed.`,
      'The next sync does it.',
    );
  }
  const gone = reasons[GONE] ?? 0;
  const causes = Object.entries(reasons).filter(([reason]) => reason !== GONE)
    .map(([reason, photos]) => `${photos} ${CAUSES[reason] ?? reason}`);
  const originals = causes.length === 0 ? '' : `, their originals being ${list(causes)}`;
  const lost = gone === 0
    ? ''
    : ` ${gone} of them ${plural(gone, 'is', 'are')} gone from the recipient's account, and not by way of the trash.`;
  const again = gone === 0 ? '' : `, or share those that are gone again: immich-sidecar reshare --job ${name}`;
  return fail(
    `${name}: paused since ${dayOf(since)}: ${mirrors} of ${total} shared photos would be ` +
      `removed${originals}.${lost}`,
    `Repair it (is a disk not mounted?), or confirm that it is right: immich-sidecar sync --confirm-withdrawals --job ${name}${again}`,
  );
}

async function lookAtStops(subject: Subject): Promise<readonly Verdict[]> {
  await subject.schema.use();
  const sql = await subject.ownTables.use();
  const rows = await sql<{ job: string; since: Date }[]>`
    SELECT job_name AS job, stopped_at AS since
    FROM immich_sidecar_stops.share
    WHERE stopped_at IS NOT NULL
    ORDER BY job_name`;
  return rows.length === 0 ? [ok('No share was stopped by its recipient.')] : rows.map(judgeStop);
}

export function judgeStop({ job, since }: { readonly job: string; readonly since: Date }): Verdict {
  const name = named(job);
  return warn(
    `${name}: stopped by the recipient since ${dayOf(since)}, who has deleted its library in Immich.`,
    `If that was meant, take the share out; if not, give it a library again and run immich-sidecar reshare --job ${name}.`,
  );
}

async function lookAtOffline(subject: Subject): Promise<readonly Verdict[]> {
  await subject.schema.use();
  const rows = await readOffline(await subject.ownTables.use());
  return rows.length === 0 ? [ok('There are no shared photos yet.')] : rows.map(judgeOffline);
}

interface JobMirrors {
  readonly job: string;
  readonly mirrors: number;
  readonly offline: number;
}

async function readOffline(sql: Sql): Promise<JobMirrors[]> {
  return await sql<JobMirrors[]>`
    SELECT
      m.job_name AS job,
      count(*)::int AS mirrors,
      (count(*) FILTER (WHERE a."isOffline"))::int AS offline
    FROM immich_sidecar.asset_map m
    JOIN asset a ON a.id = m.mirror_asset_id
    GROUP BY m.job_name
    ORDER BY m.job_name`;
}

export function judgeOffline({ job, mirrors, offline }: JobMirrors): Verdict {
  const name = named(job);
  if (offline === 0) {
    return ok(`${name}: ${count(mirrors, 'shared photo is', 'shared photos are')} there, none of them offline.`);
  }
  const message = `${name}: ${offline} of ${count(mirrors, 'shared photo')} ${plural(offline, 'is', 'are')} offline.`;
  const remedy = 'See what is said about exclusion patterns, import paths and files here; then sync brings them back.';
  return offline === mirrors ? fail(message, remedy) : warn(message, remedy);
}

async function lookAtTwins(subject: Subject): Promise<readonly Verdict[]> {
  const { has } = await subject.schema.use();
  const sql = await subject.ownTables.use();
  if (!has('person_group')) return [judgeTwins([])];
  const twins = await sql<{ name: string }[]>`
    SELECT mirror.name
    FROM immich_sidecar.person_map pm
    JOIN person mirror ON mirror."personGroupId" = pm.mirror_person_id AND mirror."ownerId" = pm.target_user_id
    JOIN person twin ON twin."personGroupId" = pm.origin_person_id AND twin."ownerId" = pm.target_user_id
    WHERE pm.is_ours
      AND pm.mirror_person_id <> pm.origin_person_id
    ORDER BY mirror.name`;
  return [judgeTwins(twins.map(({ name }) => name))];
}

/** @param names of mirrored people whom their target knows a second time, as both users are in one cluster group by now; '' for nameless ones */
export function judgeTwins(names: readonly string[]): Verdict {
  if (names.length === 0) return ok('No shared person is there twice.');
  const named = names.filter((name) => name !== '').slice(0, 5).map((name) => plain(name));
  return warn(
    `${count(names.length, 'shared person is', 'shared people are')} there twice${
      named.length === 0 ? '' : ` (such as ${list(named)})`
    }, as the two users share a cluster group by now: once through sharing, once by Immich itself.`,
    'Let the receiving user merge the two in Immich, in this order: first the one of Immich itself, then the shared one into it. Merges are followed.',
  );
}

async function lookAtLeftovers(subject: Subject): Promise<readonly Verdict[]> {
  const [schema, instance, jobs, config] = [
    await subject.schema.use(),
    await subject.instance.use(),
    await subject.jobs.use(),
    await subject.config.use(),
  ];
  const [sql, linker, paths] = [await subject.ownTables.use(), await subject.linker.use(), await subject.paths.use()];
  if (await isInstanceAtWork(sql)) {
    return [ok('An immich-sidecar is at work on this database; it removes what is left.')];
  }
  const view: View = {
    sql,
    schema,
    files: { linker, paths },
    jobs,
    leftOut: [],
    only: undefined,
    scope: 'all',
    rechecks: [],
    settings: { brake: config.brake, graceHours: config.offlineGraceHours, copyWorkers: 1, vectorWorkers: 1 },
    limits: LIMITS,
    mediaLocation: instance.mediaLocation,
  };
  return [judgeLeftovers(await findLeftovers(view, subject.options.isThorough))];
}

export function judgeLeftovers(found: Leftovers): Verdict {
  if (found.size === 0) return ok('Nothing is left of photos that are not shared any more.');
  return warn(
    `Something is left of photos that are not shared any more: ${
      list([...found].map(([kind, number]) => counted(number, kind)))
    }.`,
    'immich-sidecar sync --full removes it; sync --dry-run says what it is.',
  );
}
