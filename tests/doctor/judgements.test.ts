import assert from 'node:assert/strict';
import { judgeAnswer, judgeConfigFile, judgeKey } from '../../src/doctor/api.ts';
import { judgeClock, judgeServer } from '../../src/doctor/database.ts';
import { judgeOthers } from '../../src/doctor/others.ts';
import { judgeOwnDirectories } from '../../src/doctor/own_directories.ts';
import { judgeDevices, judgeFound, judgeRoom, judgeSpace } from '../../src/doctor/files.ts';
import type { Verdict } from '../../src/doctor/finding.ts';
import { judgeMissing } from '../../src/doctor/immich.ts';
import { judgeExclusions, judgeHidden, judgeImports } from '../../src/doctor/jobs.ts';
import { judgeLedger } from '../../src/doctor/ledger.ts';
import { judgeMirrorFiles } from '../../src/doctor/mirror_files.ts';
import { judgeLeftovers, judgeOffline, judgeOwnSchema, judgeTwins, judgeUnfinished } from '../../src/doctor/mirrors.ts';
import { judgePredecessor } from '../../src/doctor/predecessor.ts';
import { judgeUser } from '../../src/doctor/program.ts';
import { isNewerThanKnown, judgeDifferences, judgeRelease } from '../../src/doctor/releases.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ok } from '../../src/doctor/finding.ts';
import { reportOf } from '../../src/doctor/report.ts';
import { judgeBackups, judgeRights, judgeRole, type Rights } from '../../src/doctor/role.ts';
import { judgeSettings } from '../../src/doctor/settings.ts';
import { bytes, count, list } from '../../src/config/words.ts';
import {
  judgeDestination,
  judgeFaces,
  judgeFiles,
  judgeOnChange,
  judgeReading,
  judgeZone,
} from '../../src/doctor/write_back.ts';
import type { LibraryScan } from '../../src/share/checks/scans.ts';
import { USUAL_FIELDS } from '../../src/writeback/fields/fields.ts';
import type { Ownership, OwnObject } from '../../src/postgres/ownership.ts';

/** A judgement and how it begins, with its status: `warn Immich 9.0.0 is newer`. */
type Case = readonly [verdict: Verdict | undefined, says: RegExp];

function check(cases: readonly Case[]): void {
  for (const [verdict, says] of cases) assert.match(`${verdict?.status} ${verdict?.message}`, says);
}

const SERVER = { version: '16.4', number: 160_004, isStandby: false, isPooled: false };
const PLACE = { hostname: 'db', port: 5432, name: 'immich', username: 'postgres' };

Deno.test('the database server: its age, and whether it can be written to', () => {
  check([
    [judgeServer(SERVER, PLACE), /^ok PostgreSQL 16\.4 at db:5432, database "immich", user "postgres"\.$/],
    [judgeServer({ ...SERVER, version: '13.9', number: 130_009 }, PLACE), /^warn PostgreSQL 13\.9 .* older/],
    [judgeServer({ ...SERVER, isStandby: true }, PLACE), /^fail .*standby/],
    [judgeServer({ ...SERVER, isPooled: true }, PLACE), /^fail .*connection pooler/],
  ]);
});

const TABLE: OwnObject = {
  kind: 'TABLE',
  schema: 'immich_sidecar',
  name: 'immich_sidecar.link',
  owner: 'postgres',
  isMine: true,
  mayRead: true,
  mayWrite: true,
  isReadable: true,
};
const OWNERSHIP: Ownership = { role: 'sidecar', immichRole: 'immich', mayHandOver: false, objects: [TABLE] };

/** With one property of the one table changed. */
function owning(change: Partial<OwnObject>): Ownership {
  return { ...OWNERSHIP, objects: [{ ...TABLE, ...change }] };
}

Deno.test('rights: what is missing is named, with the statement that grants just that', () => {
  const rights: Rights = {
    role: 'sidecar',
    database: 'immich',
    missing: [],
    mayCreate: true,
    maySeeOthers: true,
    ownership: OWNERSHIP,
  };
  const says = (change: Partial<Rights>) =>
    judgeRights({ ...rights, ...change }).map(({ status, message, sql = [] }) =>
      `${status} ${message} ${sql.join('; ')}`
    );
  assert.match(says({}).join(), /^ok /);
  assert.deepEqual(
    says({
      missing: [
        { table: 'asset', verb: 'UPDATE' },
        { table: 'stack', verb: 'UPDATE' },
        { table: 'user', verb: 'SELECT', columns: ['id', 'deletedAt'] },
        { table: '_face_sync_skipped', verb: 'SELECT' },
      ],
    }),
    [
      'fail The user sidecar lacks rights to asset, stack and user, which sharing needs. ' +
      'GRANT UPDATE ON public.asset, public.stack TO sidecar; GRANT SELECT (id, "deletedAt") ON public."user" TO sidecar',
      'warn The user sidecar may not read what immich-shared-library has left, so takeover cannot. ' +
      'GRANT SELECT ON public._face_sync_skipped TO sidecar',
    ],
  );
  assert.match(
    says({ mayCreate: false }).join(),
    /^fail .* may not keep tables.* GRANT CREATE ON DATABASE immich TO sidecar$/,
  );
  assert.match(says({ maySeeOthers: false }).join(), /^warn .* GRANT pg_read_all_stats TO sidecar$/);
  assert.match(
    says({ ownership: owning({ mayWrite: false, isMine: false }) }).join(),
    /^fail .*They belong to postgres.* ALTER TABLE immich_sidecar\.link OWNER TO sidecar$/,
  );
  assert.match(says({ ownership: owning({ isMine: false }) }).join(), /^warn Some of our tables .* OWNER TO sidecar$/);
});

Deno.test("Immich's backups: what its user may not read is named, with the statements that let it", () => {
  check([
    [judgeBackups(undefined), /^ok .* nothing of ours yet/],
    [judgeBackups({ ...OWNERSHIP, objects: [] }), /^ok .* nothing of ours yet/],
    [judgeBackups(OWNERSHIP), /^ok .* take our tables along/],
    [judgeBackups(owning({ isReadable: false })), /^fail .*its user immich may not read immich_sidecar\.link\.$/],
  ]);
  assert.match(judgeBackups(owning({ isReadable: false })).remedy ?? '', /^The next sync grants it\. Or run/);
  const { remedy, sql } = judgeBackups(owning({ isReadable: false, isMine: false }));
  assert.match(remedy ?? '', /^Run this in Immich's database, as "postgres" or as a superuser/);
  assert.ok(sql?.includes('GRANT SELECT ON ALL TABLES IN SCHEMA immich_sidecar TO immich'));
});

Deno.test('a superuser is told of a role with fewer rights', () => {
  const facts = { database: 'immich', isThere: false, catalog: new Map(), ownership: OWNERSHIP, isThorough: true };
  check([
    [judgeRole({ ...facts, isSuperuser: false }), /^ok /],
    [judgeRole({ ...facts, isSuperuser: true }), /^warn The user is a superuser/],
    [judgeRole({ ...facts, isSuperuser: true, isThorough: false }), /^ok The user is a superuser/],
  ]);
  const statements = judgeRole({ ...facts, isSuperuser: true }).sql ?? [];
  assert.equal(statements[0], "CREATE ROLE sidecar LOGIN PASSWORD 'PASSWORD'");
  assert.equal(statements.at(-1), 'ALTER TABLE immich_sidecar.link OWNER TO sidecar');
  assert.doesNotMatch((judgeRole({ ...facts, isSuperuser: true, isThere: true }).sql ?? []).join(), /CREATE ROLE/);
});

Deno.test('a clock is off only if that is more than the time it took to ask', () => {
  check([
    [judgeClock(4_000, 1), /^ok /],
    [judgeClock(-4_000, 1), /^ok /],
    [judgeClock(6_000, 1), /^warn Our clock is 6 seconds ahead of/],
    [judgeClock(-3_600_000, 1), /^warn Our clock is 3,600 seconds behind/],
    [judgeClock(6_000, 3_000), /^ok /],
  ]);
});

Deno.test('releases of Immich from 2.0 to 3.3 are known', () => {
  const judge = (version: string) => judgeRelease(version, '/data');
  check([
    [judge('2.0.0'), /^ok Immich 2\.0\.0, media in \/data\.$/],
    [judge('v3.2.7'), /^ok Immich 3\.2\.7/],
    [judge('v3.3.1'), /^ok Immich 3\.3\.1/],
    [judge('1.144.1'), /^fail .*too old/],
    [judge('3.4.0'), /^warn Immich 3\.4\.0 is newer/],
    [judge('4.0.0'), /^warn /],
    [judge('unknown'), /^warn Immich has not noted/],
  ]);
});

Deno.test('an API key needs what is written with it, and is not told off for more', () => {
  const version = { major: 3, minor: 1, patch: 0 };
  const judge = (permissions: readonly string[], used = USUAL_FIELDS, makesLibraries = false) =>
    judgeKey({ permissions, owner: 'Alice', version, used, source: 'api', makesLibraries });
  const enough = ['user.read', 'asset.read'];
  check([
    [judge(['all']), /^ok The API key of Alice may do everything; user\.read and asset\.read would be enough/],
    [
      judge(enough),
      /^ok .* but not for --albums \(album\.read\), --face-coordinates \(face\.read and asset\.edit\.get\) and --tags/,
    ],
    [judge([...enough, 'album.read', 'face.read', 'asset.edit.get', 'tag.read']), /^ok .* has what write needs\.$/],
    [judge(['asset.read']), /^fail The API key of Alice lacks user\.read/],
    [judge(enough, [...USUAL_FIELDS, 'albums']), /^fail .* lacks album\.read/],
    [judge(['asset.read'], []), /^ok .*Nothing needs it/],
    [
      judge(['library.create'], [], true),
      /^ok .*With it the library that a new member of a shared album needs is made\./,
    ],
    [judge(enough, [], true), /^warn .* lacks library\.create: members of shared albums/],
    [judgeAnswer(version, '3.1.0', 'http://x'), /^ok Immich 3\.1\.0 answers at http:\/\/x\.$/],
    [judgeAnswer(version, 'unknown', 'http://x'), /^ok /],
    [judgeAnswer(version, '2.7.5', 'http://x'), /^warn .*is version 3\.1\.0, but the database belongs to 2\.7\.5/],
    [judgeConfigFile(true), /^warn .*IMMICH_CONFIG_FILE/],
    [judgeConfigFile(false), /^ok /],
  ]);
});

Deno.test("a missing column fails a share, and only warns those who don't share", () => {
  const job = {} as never;
  check([
    [judgeMissing('column asset.x is missing', { jobs: [job] }), /^fail Column asset\.x is missing\.$/],
    [judgeMissing('column asset.x is missing', { jobs: [], sharedAlbums: {} as never }), /^fail /],
    [judgeMissing('column asset.x is missing', { jobs: [] }), /^warn /],
  ]);
});

const ALL_ON = { clip: true, faces: true, ocr: true };
const SETTINGS = {
  isWatching: false,
  hasStorageTemplate: false,
  hasTrash: true,
  trashDays: 30,
  importsFaces: false,
  faceModel: 'buffalo_l',
  maxFaceDistance: 0.5,
};
const LINKED = {
  name: 'a',
  kind: 'upload',
  placement: 'symlink',
  sourcePathPrefix: undefined,
  targetPathPrefix: '/data/shared/.alice/',
  features: ALL_ON,
  mediaLocation: '/data',
} as const;
const HARD = { ...LINKED, placement: 'hardlink' } as const;

Deno.test('settings of Immich hurt some placements and not others', () => {
  const judge = (job: Parameters<typeof judgeSettings>[0], changes: Partial<typeof SETTINGS>, features = ALL_ON) =>
    judgeSettings(job, { ...SETTINGS, ...changes }, features).map(({ status, message }) => `${status} ${message}`);
  assert.deepEqual(judge(HARD, { isWatching: true, hasStorageTemplate: true, hasTrash: false }), []);
  assert.match(judge({ ...HARD, targetPathPrefix: '/data/shared/alice/' }, { isWatching: true })[0] ?? '', /watches/);
  assert.match(judge(LINKED, { hasTrash: false })[0] ?? '', /no trash/);
  assert.match(judge(LINKED, { trashDays: 0 })[0] ?? '', /no trash/);
  assert.match(judge(LINKED, { hasStorageTemplate: true })[0] ?? '', /storage template/);
  assert.match(
    judge({ ...LINKED, sourcePathPrefix: '/data/upload/a/' }, { hasStorageTemplate: true })[0] ?? '',
    /storage template/,
  );
  const moved = { ...LINKED, sourcePathPrefix: '/data/library/alice/' };
  assert.deepEqual(judge(moved, { hasStorageTemplate: true }), [], 'the link leads to where the template moves them');
  assert.deepEqual(judge({ ...LINKED, kind: 'external' }, { hasStorageTemplate: true }), []);
  assert.match(judge(HARD, {}, { clip: false, faces: true, ocr: false })[0] ?? '', /smart search and text recognition/);
  assert.deepEqual(judge({ ...HARD, features: { clip: false, faces: false, ocr: false } }, {}, ALL_ON), []);
});

const LIBRARY = {
  id: 'l',
  ownerId: 'bob',
  name: 'from Alice',
  importPaths: ['/x'],
  exclusionPatterns: ['**/*'],
};
const NOTHING = { others: [], own: [], unknownFiles: [], unseen: [] };
const PHOTOS = { kind: 'originals', ownerId: 'alice', assets: 27, example: '/x/alice' } as const;
const scanOf = (changes: Partial<LibraryScan>): LibraryScan => ({
  library: LIBRARY,
  jobs: ['a'],
  next: NOTHING,
  covered: NOTHING,
  narrowed: undefined,
  nameOf: (id) => ({ alice: 'Alice', bob: 'Bob' })[id] ?? id,
  ...changes,
});

Deno.test('exclusion patterns are judged by what they would take offline', () => {
  const job = { name: 'a', targetPathPrefix: '/x/.alice/', placement: 'hardlink' } as const;
  const places = ['/x/.alice/a.jpg', '/x/.alice/Raw/b.dng', '/x/.alice/c.jpg', '/x/.alice/d.jpg'];
  const judge = (patterns: readonly string[], found = places) => judgeExclusions(job, patterns, found, scanOf({}))[0];
  check([
    [judge(['**/@eaDir/**']), /^undefined/],
    [judge(['**/Raw/**']), /^fail .*"\*\*\/Raw\/\*\*", so .* about 25 % of the shared photos/],
    [judge(['**/*']), /^fail .* takes every shared photo offline/],
    [judge(['**/._*'], []), /^fail .* takes every shared photo offline/],
    [judgeHidden(job, ['/x'])[0], /^undefined/],
    [judgeHidden({ ...job, targetPathPrefix: '/x/alice/' }, ['/x'])[0], /^warn /],
    [judgeHidden({ ...job, targetPathPrefix: '/x/alice/', placement: 'symlink' }, ['/x'])[0], /^warn /],
    // A hidden directory above the import path hides nothing.
    [judgeHidden({ ...job, targetPathPrefix: '/.x/alice/' }, ['/.x'])[0], /^warn /],
    [judgeHidden(job, ['/x/.alice'])[0], /^warn /],
  ]);
});

Deno.test('nobody is told to remove a pattern while the import path covers anything that is not ours', () => {
  const job = { name: 'a', targetPathPrefix: '/x/.alice/', placement: 'hardlink' } as const;
  const remedy = (scan: LibraryScan | undefined) => judgeExclusions(job, ['**/*'], [], scan)[0]?.remedy ?? '';
  assert.match(remedy(scanOf({})), /remove the pattern/);
  const dangers: readonly Partial<typeof NOTHING>[] = [
    { others: [PHOTOS] as never },
    { own: [{ ...PHOTOS, ownerId: 'bob' }] as never },
    { unknownFiles: ['/x/a.jpg'] as never },
    { unseen: ['/y'] as never },
  ];
  for (const danger of dangers) {
    const told = remedy(scanOf({ covered: { ...NOTHING, ...danger }, narrowed: ['/x/only'] }));
    assert.match(told, /^Do not remove the pattern yet: without it a scan would import .*"\/x\/only" and no other/);
  }
  assert.match(remedy(undefined), /^Do not remove the pattern yet/);
});

Deno.test("an import path that covers another's originals fails, whatever pattern there is", () => {
  const covered = { ...NOTHING, others: [PHOTOS] };
  check([
    [judgeImports(scanOf({}))[0], /^ok /],
    [
      judgeImports(scanOf({ covered, next: covered }))[0],
      /^fail .* covers 27 photos and videos of Alice: .* next scan/,
    ],
    [judgeImports(scanOf({ covered }))[0], /^fail .* covers 27 .* only the exclusion pattern "\*\*\/\*" keeps/],
    [
      judgeImports(scanOf({ next: { ...NOTHING, unknownFiles: ['/x/a.jpg'] } }))[0],
      /^warn .*imports 1 file that Immich/,
    ],
    [judgeImports(scanOf({ covered: { ...NOTHING, unseen: ['/x'] } }))[0], /^warn .* not known: "\/x"/],
  ]);
});

Deno.test('files: how many are missing decides, and whether anything would fit', () => {
  const found = (missing: number, fit?: { immich: string; local: string }) => ({
    sought: 50,
    missing: Array.from({ length: missing }, (_, index) => `/data/${index}.jpg`),
    lookedAt: '/mnt/0.jpg',
    roots: [{ immich: '/data', local: '/mnt' }],
    fit,
  });
  const fit = { immich: '/data', local: '/mnt/photos' };
  const job = { name: 'a' };
  check([
    [judgeFound(job, 'originals', found(0))[0], /^undefined/],
    [
      judgeFound(job, 'originals', found(1))[0],
      /^warn "a": 1 of 50 sampled originals is not here, for example "\/data\/0/,
    ],
    [judgeFound(job, 'thumbnails', found(30))[0], /^fail "a": 30 of 50/],
    [judgeFound(job, 'originals', found(50))[0], /^fail "a": none of 50 sampled originals is here/],
  ]);
  assert.match(judgeFound(job, 'originals', found(30))[0]?.remedy ?? '', /\/data is looked for in \/mnt\.$/);
  assert.equal(judgeFound(job, 'originals', found(30, fit))[0]?.remedy, 'This would fit: PATH_MAP=/data=/mnt/photos');
  const missing = { isFound: false, reason: 'unmapped', path: undefined } as const;
  const original = { immichPath: '/data/a.jpg', located: missing };
  check([
    [judgeFiles([], undefined, []), /^ok There are no photos/],
    [judgeFiles([original], undefined, []), /^fail 1 of 1 sampled file .* of which nothing says where it is\.$/],
    [judgeReading([{ path: '/a.jpg', type: undefined }]), /^warn ExifTool cannot read 1 of 1 sampled file/],
    [judgeReading([]), /^ok /],
  ]);
});

Deno.test('originals on a disk that is mounted inside the source are noticed, though one test link works', () => {
  const on = (directory: string, isTargets: boolean) => ({ directory, isTargets });
  check([
    [judgeDevices({ name: 'a' }, [on('/x', true), on('/x/y', true)])[0], /^undefined/],
    [
      judgeDevices({ name: 'a' }, [on('/x', true), on('/x/usb', false), on('/x', true)])[0],
      /^warn "a": 1 of 3 sampled originals lie on another file system .* "\/x\/usb"/,
    ],
  ]);
});

Deno.test('copies that would not fit are a warning', () => {
  const gigabyte = 1024 ** 3;
  const judge = (neededBytes: number, freeBytes: number | undefined) =>
    judgeRoom({ name: 'j' }, { neededBytes, freeBytes });
  assert.equal(judge(9 * gigabyte, 10 * gigabyte), undefined);
  assert.equal(judge(9 * gigabyte, undefined), undefined);
  const verdict = judge(9 * gigabyte + 1, 10 * gigabyte);
  assert.equal(verdict?.status, 'warn');
  assert.match(verdict?.message ?? '', /still to be copied, and only .* are free/);
});

Deno.test('who may write into a target directory besides is named', () => {
  const [nas, person, root] = [{ uid: 99, gid: 100 }, { uid: 1000, gid: 1000 }, { uid: 0, gid: 0 }];
  const judge = (group: number | 'everybody', own = nas) => {
    const [verdict, ...others] = judgeOthers({ name: 'j' }, [{ local: '/photos/bob_shared', group }], own);
    assert.deepEqual(others, []);
    return `${verdict?.status} ${verdict?.message} ${verdict?.remedy ?? ''}`;
  };
  assert.equal(judgeOthers({ name: 'j' }, [], nas)[0]?.status, 'ok');
  assert.match(
    judge('everybody'),
    /^warn .*every user of this machine.* Take that right away: chmod o-w "\/photos\/bob_shared"$/,
  );
  assert.match(
    judge(100),
    /^ok .*everybody in group 100, the one of this program, .*chmod g-w "\/photos\/bob_shared"\. $/,
  );
  assert.match(judge(1000, person), /^ok "j": nobody else may write/);
  assert.match(judge(0, person), /^ok "j": nobody else may write/);
  assert.match(
    judge(100, person),
    /^warn .*everybody in group 100, which is not the one of this program.*chmod g-w/,
  );
  assert.match(judge(100, root), /^warn .*chmod g-w/);
  const both = judgeOthers({ name: 'j' }, [
    { local: '/photos', group: 100 },
    { local: '/photos/bob_shared', group: 'everybody' },
    { local: '/photos/bob_shared/.alice', group: 100 },
  ], person);
  assert.deepEqual(both.map(({ remedy = '' }) => remedy.replace(/.*: /, '')), [
    'chmod g-w "/photos" "/photos/bob_shared/.alice"',
    'chmod o-w "/photos/bob_shared"',
  ]);
});

Deno.test('what keeps files of ours where they are is named, with the remedy', () => {
  assert.equal(judgeOwnDirectories({ name: 'j' }, []).status, 'ok');
  const verdict = judgeOwnDirectories({ name: 'j' }, [
    { local: '/photos/.kept', why: 'is no directory' },
    { local: '/photos/.alice', why: 'cannot be written to' },
  ]);
  assert.equal(verdict.status, 'fail');
  assert.match(verdict.message, /"\/photos\/\.kept" is no directory and "\/photos\/\.alice" cannot be written to\.$/);
  assert.match(verdict.remedy ?? '', /mv "\/photos\/\.kept" "\/photos\/\.kept\.away" .*chmod/);
});

Deno.test('free space is told per file system, and little of it is a warning', () => {
  const space = { device: 1, freeBytes: 5e9, totalBytes: 1e12, freeInodes: 1e6 };
  const judge = (changes: Partial<typeof space>) =>
    judgeSpace([{ local: '/mnt', space: { ...space, ...changes } }], false)[0];
  check([
    [judge({}), /^ok 4\.7 GiB of 931 GiB are free at "\/mnt"\.$/],
    [judge({ freeBytes: 5e8 }), /^warn 477 MiB/],
    [judge({ freeBytes: 1e6 }), /^fail /],
    [judge({ freeInodes: 12 }), /^warn Only 12 files can be made/],
    [judgeSpace([{ local: '/mnt', space: undefined }], true)[0], /^undefined/],
  ]);
});

Deno.test('what is shared: our tables, unfinished work, mirrors', () => {
  check([
    [judgeOwnSchema(0, 4), /^ok .*first sync makes them/],
    [judgeOwnSchema(3, 4), /^ok .*next sync brings them to 4/],
    [judgeOwnSchema(4, 4), /^ok /],
    [judgeOwnSchema(5, 4), /^fail .*knows only up to 4/],
    [judgeUnfinished(3, true), /^ok An immich-sidecar is at work/],
    [judgeUnfinished(3, false), /^warn 3 files were/],
    [judgeOffline({ job: 'a', mirrors: 1_000, offline: 1 }), /^warn "a": 1 of 1,000 shared photos is offline/],
    [judgeOffline({ job: 'a', mirrors: 2, offline: 2 }), /^fail /],
    [judgeLeftovers(new Map()), /^ok Nothing is left/],
    [judgeLeftovers(new Map([['tags to remove', 1_200]])), /^warn Something is left .*: 1,200 tags to remove\./],
    [judgeTwins([]), /^ok /],
    [judgeTwins(['Dora', '']), /^warn 2 shared people are there twice \(such as Dora\)/],
    [
      judgeMirrorFiles({ mirrors: 5_000, lookedAt: 100, incomplete: 0, example: undefined }),
      /^ok All files of 100 sampled shared photos \(of 5,000\) are here\.$/,
    ],
    [
      judgeMirrorFiles({ mirrors: 5_000, lookedAt: 100, incomplete: 2, example: '/a' }),
      /^warn 2 of 100 sampled .* lack a/,
    ],
  ]);
  const sampled = judgeMirrorFiles({ mirrors: 5_000, lookedAt: 100, incomplete: 2, example: '/a' });
  assert.match(sampled.remedy ?? '', /doctor --thorough looks at all/);
});

Deno.test('what immich-shared-library has left is taken over once, and it must not be at work', () => {
  check([
    [judgePredecessor(undefined), /^ok There is nothing of/],
    [judgePredecessor({ mirrors: 3, unknown: 3, sessions: [] }), /^warn .*has shared 3 photos/],
    [judgePredecessor({ mirrors: 3, unknown: 0, sessions: [] }), /^ok .*was taken over/],
    [
      judgePredecessor({ mirrors: 3, unknown: 0, sessions: ['process 12'] }),
      /^warn .*at work on this database \(process 12\)/,
    ],
  ]);
});

Deno.test('writing: the ledger, the time zone, the user', () => {
  const ledger = { version: 1, files: 2, begun: 0, lastRun: undefined, isOpen: false };
  const run = { id: 7, startedAt: '2026-11-21T10:00:00.000Z', state: 'finished', options: '{}' };
  check([
    [judgeLedger(undefined, '/state'), /^skipped There is no history in "\/state"/],
    [
      judgeLedger({ ...ledger, lastRun: run }, '/state'),
      /^ok The history knows 2 files; the last run, 7, began 2026-11-21 10:00\.$/,
    ],
    [judgeLedger({ ...ledger, lastRun: { ...run, state: 'interrupted' } }, '/state'), /^warn /],
    [judgeLedger({ ...ledger, begun: 2 }, '/state'), /^warn 2 files were being written/],
    [judgeLedger({ ...ledger, isOpen: true }, '/state'), /^warn The history is in use/],
    [judgeLedger({ ...ledger, version: 99 }, '/state'), /^fail The history has version 99/],
    [judgeZone('Europe/Berlin'), /^ok .*from Europe\/Berlin/],
    [judgeZone(undefined), /^ok .*without an offset/],
    [judgeDestination('embed', true, '3.1.0'), /^warn /],
    [judgeDestination('embed', true, '2.7.5'), /^ok Tags are written into the files themselves\.$/],
    [judgeDestination('both', false, '3.1.0'), /^ok /],
    [judgeOnChange('embed', true)[0], /^warn .* runs all its jobs again/],
    [judgeDestination('sidecar', true, '3.1.0'), /^ok Tags are written into sidecars\.$/],
    [judgeFaces(false, true), /^ok /],
    [judgeFaces(true, false), /^ok .*twice\. They are not written\.$/],
    [judgeFaces(true, true), /^warn .*twice\.$/],
    [judgeUser({ uid: 1000, gid: 1000 }, { uid: '1000', gid: undefined }), /^ok Runs as user 1000, group 1000\.$/],
    [judgeUser({ uid: 0, gid: 0 }, { uid: '1000', gid: '1000' }), /^warn /],
    [judgeUser({ uid: null, gid: null }, { uid: '1000', gid: '1000' }), /^ok /],
  ]);
});

Deno.test('numbers and lists as people write them', () => {
  assert.deepEqual([0, 1023, 1536, 5e9, 2 ** 60].map(bytes), [
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '4.7 GiB',
    '1024 PiB',
  ]);
  assert.deepEqual([count(1, 'job'), count(2, 'job'), count(12_000, 'file')], ['1 job', '2 jobs', '12,000 files']);
  assert.deepEqual([list([]), list(['a']), list(['a', 'b', 'c'])], ['', 'a', 'a, b and c']);
});

Deno.test('what a newer Immich has changed is named, and how much more there is', () => {
  assert.deepEqual(['v3.3.9', '3.4.0', 'v4.0.0', 'none'].map(isNewerThanKnown), [false, true, true, false]);
  assert.equal(judgeDifferences([]).status, 'ok');
  const { message, status } = judgeDifferences(Array.from({ length: 22 }, (_, index) => `table t${index} is new`));
  assert.equal(status, 'warn');
  assert.match(message, /^Its tables are not as in 3\.3: table t0 is new; .*; and 2 more\.$/);
});

Deno.test('a report for a bug has kinds and numbers, and no name, address, path or secret of anybody', () => {
  const config = loadConfig({
    env: {
      DB_HOSTNAME: 'secret-host',
      DB_PASSWORD: 'secret-word',
      DB_USERNAME: 'secret-user',
      IMMICH_API_URL: 'http://secret-immich:2283',
      IMMICH_API_KEY: 'secret-key',
      UPLOAD_LOCATION: '/secret/uploads',
      PATH_MAP: '/secret/a=/secret/b',
      TZ: 'Asia/Tokyo',
      HTTP_TOKEN: 'secret-token-secret',
      NOTIFY_URLS: 'ntfys://secret-ntfy/secret-topic?events=failure',
      SOURCE_USER_ID: crypto.randomUUID(),
      TARGET_USER_ID: crypto.randomUUID(),
      TARGET_LIBRARY_ID: crypto.randomUUID(),
      SHARED_PATH_PREFIX: '/secret/family/',
      TARGET_PATH_PREFIX: '/secret/bob/.alice/',
    },
    cwd: '/nowhere',
  });
  const findings = [
    { check: 'immich.version', group: 'immich', ...ok('Immich 3.1.0 of secret-name.') },
    { check: 'jobs.accounts', group: 'jobs', ...ok('"secret-job": from Secretary to /secret/x') },
  ] as const;
  const report = JSON.stringify(reportOf(findings, config, { isInContainer: true }));
  assert.doesNotMatch(report, /secret|Tokyo|[0-9a-f]{8}-[0-9a-f]{4}/i);
  const { immich, findings: found, jobs, settings } = JSON.parse(report);
  assert.deepEqual([immich, found.length, jobs[0].kind, settings.service.tells], ['3.1.0', 2, 'external', [
    { kind: 'ntfy', events: ['failure'] },
  ]]);
  assert.equal(JSON.parse(JSON.stringify(reportOf(findings, undefined, { isInContainer: false }))).settings, 'wrong');
});
