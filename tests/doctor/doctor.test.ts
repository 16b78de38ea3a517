import assert from 'node:assert/strict';
import type { Config, JobConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/load.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Finding, Status } from '../../src/doctor/finding.ts';
import { Subject, type SubjectOptions } from '../../src/doctor/subject.ts';
import { sqlStateOf } from '../../src/postgres/faults.ts';
import { OWN_SCHEMAS } from '../../src/share/schema/own_tables.ts';
import { Ledger } from '../../src/writeback/ledger/ledger.ts';
import { PERMISSIONS } from '../../src/setup/questions/server.ts';
import { everything } from '../cli/everything.ts';
import { immutable, otherFileSystem, unlinkable } from '../files/obstacles.ts';
import { FakeImmich } from '../harness/fake_immich/server.ts';
import { openEmpty, REPRESENTATIVE } from '../harness/database.ts';
import { changed, complaints, Ward, worst } from './ward.ts';

/** One thing that is wrong, and what of the page it changes. */
interface Case {
  readonly what: string;
  readonly config?: (config: Config) => Partial<Config>;
  readonly options?: Partial<SubjectOptions>;
  /** Makes it wrong, and right again. */
  readonly prepare?: () => Promise<() => unknown>;
  /** The checks that say so. */
  readonly finds: Readonly<Record<string, Exclude<Status, 'skipped'>>>;
  /** In the messages and remedies of the first of them. */
  readonly says: readonly (string | RegExp)[];
  /** Why others are skipped then; none are if this is left out. */
  readonly skips?: string;
  readonly obstacle?: string | undefined;
}

Deno.test('nothing is wrong, then one thing at a time: just that is found, and nothing is written', async (t) => {
  await using ward = await Ward.open();
  const { world } = ward;
  const before = await everything(world);
  const well = await ward.examine();
  await t.step('all is well', async () => {
    const problems = well.filter(({ status }) => status === 'warn' || status === 'fail');
    assert.deepEqual(problems, []);
    assert.deepEqual(skippedChecks(well), ['write.ledger']);
    assert.deepEqual(await everything(world), before);
  });
  const portrait = world.id('family/portrait');
  await using onlyPortrait = ward.another({ only: portrait });
  await using limited = ward.another({ permissions: ['user.read'] });
  for (const one of casesOf(ward, { onlyPortrait, limited }, await obstacles())) {
    await t.step({
      name: one.obstacle === undefined ? one.what : `${one.what} (skipped: ${one.obstacle})`,
      ignore: one.obstacle !== undefined,
      fn: async () => {
        const restore = await one.prepare?.();
        try {
          const untouched = await everything(world);
          const found = await ward.examine(one.config?.(ward.config), one.options);
          assertFound(well, found, one);
          assert.deepEqual(await everything(world), untouched);
        } finally {
          await restore?.();
        }
      },
    });
  }
  await t.step('and after all that nothing is wrong again', async () => {
    assert.deepEqual(changed(well, await ward.examine()), {});
  });
});

Deno.test('the SQL that a superuser is shown makes a role as which sharing goes on', async () => {
  await using ward = await Ward.open({ isShared: false });
  const { world } = ward;
  // All that the harness has granted here. DROP OWNED would take rights to the databases of other tests along.
  const { username, name } = world.db.config;
  await world.sql.unsafe(`
    REVOKE ALL ON DATABASE ${name} FROM ${username};
    REVOKE ALL ON SCHEMA public FROM ${username};
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${username};`);
  world.config = { ...world.config, database: world.db.superuser };
  await world.share();
  const findings = await ward.examine({ database: world.db.superuser }, { isThorough: true });
  const role = findings.find(({ check }) => check === 'database.role');
  assert.deepEqual([role?.status, role?.message.includes('who may start programs')], ['warn', true]);
  assert.match(role?.remedy ?? '', /DB_USERNAME=sidecar/);
  const usual = await ward.examine({ database: world.db.superuser });
  assert.equal(worst(usual).get('database.role'), 'ok', "it is Immich's usual user");
  const statements = role?.sql ?? [];
  assert.match(statements[0] ?? '', /^GRANT pg_read_all_stats/, 'the role is there already');
  for (const statement of statements) await world.sql.unsafe(statement);

  world.config = { ...world.config, database: world.db.config };
  assert.equal(worst(await ward.examine()).get('database.role'), 'ok');
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('family/portrait')}`;
  const report = await world.share();
  assert.equal(report.jobs[0]?.withdrawn['source-locked'], 1);
  assert.deepEqual(report.jobs.flatMap(({ problems }) => problems), []);
});

function assertFound(well: readonly Finding[], found: readonly Finding[], { finds, says, skips }: Case): void {
  const differences = Object.entries(changed(well, found));
  const text = JSON.stringify(found.filter(({ status }) => status !== 'ok'), null, 1);
  assert.deepEqual(Object.fromEntries(differences.filter(([, status]) => status !== 'skipped')), finds, text);
  const [check = ''] = Object.keys(finds);
  for (const part of says) {
    const complaint = complaints(found, check);
    assert.ok(typeof part === 'string' ? complaint.includes(part) : part.test(complaint), `${part} in: ${complaint}`);
  }
  const skipped = differences.filter(([, status]) => status === 'skipped').map(([name]) => name);
  assert.equal(skipped.length > 0, skips !== undefined, `skipped: ${skipped.join()}`);
  for (const name of skipped) {
    assert.equal(found.find((finding) => finding.check === name)?.message, skips, name);
  }
  assert.doesNotMatch(text, /could not be looked at/);
}

/** Why some things cannot be tried here. */
async function obstacles() {
  return { noImmutable: await immutable.obstacle(), noUnlinkable: await unlinkable.obstacle() };
}

type Servers = Readonly<Record<'onlyPortrait' | 'limited', FakeImmich>>;

function casesOf(
  { world, config }: Ward,
  servers: Servers,
  { noImmutable, noUnlinkable }: Awaited<ReturnType<typeof obstacles>>,
): readonly Case[] {
  const { sql, library, directory } = world;
  const [job, upload] = config.jobs;
  assert.ok(job && upload);
  const jobs = (...changes: Partial<JobConfig>[]) => () => ({
    jobs: config.jobs.map((one, index) => ({ ...one, ...changes[index] })),
  });
  const withSql = (wrong: string, right: string) => async () => {
    await sql.unsafe(wrong);
    return () => sql.unsafe(right);
  };
  const database = (changes: Partial<Config['database']>) => () => ({ database: { ...config.database, ...changes } });
  const write = (changes: Partial<Config['write']>) => () => ({ write: { ...config.write, ...changes } });
  const noDatabase = 'There is no connection to the database.';
  const noSchema = "Immich's tables are not as sharing needs them.";
  const notMounted = 'A directory is not here.';
  const asked = ({ url, apiKey }: FakeImmich) => () => ({ immich: { url, apiKey } });
  const elsewhere = `${otherFileSystem.directory}/immich-doctor-${crypto.randomUUID()}`;
  const thumbnail = filesBelow(`${directory}/media/thumbs/${library.users.alice.id}`)
    .find((path) => path.endsWith(`${world.id('family/portrait')}_thumbnail.webp`));
  return [
    {
      what: 'another user than PUID says',
      options: { env: { PUID: '4321', PGID: '4321' } },
      finds: { 'program.user': 'warn' },
      says: ['PUID (4321)', '--user'],
      obstacle: Deno.uid() === null ? 'there are no such users here' : undefined,
    },
    {
      what: 'a setting that is ignored',
      config: () => ({ notes: ['SHARED_PATH_PREFIX is ignored.'] }),
      finds: { 'program.config': 'warn' },
      says: ['SHARED_PATH_PREFIX is ignored'],
    },
    {
      what: 'a configuration with problems',
      options: {
        load: () => {
          const problem = {
            key: 'DB_PORT',
            place: '.env line 2',
            message: '"x" is not a number',
            remedy: 'Write one.',
          };
          throw new ConfigError([problem, { ...problem, key: 'LOG_LEVEL', place: '.env line 3' }]);
        },
      },
      finds: { 'program.config': 'fail' },
      says: ['DB_PORT (.env line 2): "x" is not a number.\n-> Write one.', 'LOG_LEVEL (.env line 3)'],
      skips: 'The configuration has problems.',
    },
    {
      what: 'no database',
      config: database({ port: closedPort() }),
      finds: { 'database.connection': 'fail' },
      says: [/No PostgreSQL answers at 127\.0\.0\.1:\d+/, 'DB_HOSTNAME'],
      skips: noDatabase,
    },
    {
      what: 'a wrong password',
      config: database({ password: new Secret('not the password') }),
      finds: { 'database.connection': 'fail' },
      says: ['refused the user "sidecar"', 'DB_PASSWORD'],
      skips: noDatabase,
    },
    {
      what: 'a wrong database',
      config: database({ name: 'no_such_database' }),
      finds: { 'database.connection': 'fail' },
      says: ['has no database "no_such_database"', 'DB_DATABASE_NAME'],
      skips: noDatabase,
    },
    {
      what: 'a database user who may only read',
      config: database({ username: 'doctor_reader', password: new Secret('a-reader') }),
      prepare: withSql(
        `CREATE ROLE doctor_reader LOGIN PASSWORD 'a-reader';
         GRANT pg_read_all_stats TO doctor_reader;
         GRANT SELECT ON ALL TABLES IN SCHEMA public, ${OWN_SCHEMAS.join(', ')} TO doctor_reader;
         GRANT USAGE ON SCHEMA ${OWN_SCHEMAS.join(', ')} TO doctor_reader`,
        'DROP OWNED BY doctor_reader; DROP ROLE doctor_reader',
      ),
      finds: { 'database.rights': 'fail' },
      says: [
        'lacks rights to asset, asset_exif, asset_file,',
        'GRANT INSERT, UPDATE, DELETE ON public.asset',
        'They belong to sidecar',
      ],
    },
    {
      what: 'a database user from before tables that are needed now',
      prepare: withSql(
        'REVOKE ALL ON partner, memory_asset, shared_link_asset FROM sidecar',
        `GRANT SELECT ON partner TO sidecar; GRANT SELECT, INSERT ON memory_asset, shared_link_asset TO sidecar`,
      ),
      finds: { 'database.rights': 'fail' },
      says: [
        'lacks rights to memory_asset, shared_link_asset and partner',
        'GRANT SELECT, INSERT ON public.memory_asset, public.shared_link_asset TO sidecar',
        'GRANT SELECT ON public.partner TO sidecar',
      ],
      skips: `"${job.name}": this role may not see who is whose partner.`,
    },
    {
      what: "tables that Immich's own user cannot back up",
      prepare: withSql(
        'CREATE ROLE doctor_immich; ALTER TABLE asset OWNER TO doctor_immich',
        'ALTER TABLE asset OWNER TO postgres; DROP ROLE doctor_immich',
      ),
      finds: { 'database.backups': 'fail' },
      says: [
        'its user doctor_immich may not read immich_sidecar',
        'GRANT SELECT ON ALL TABLES IN SCHEMA immich_sidecar TO doctor_immich',
      ],
    },
    {
      what: 'a clock that is ahead',
      options: { now: () => Date.now() + 90_000 },
      finds: { 'database.clock': 'warn' },
      says: ["90 seconds ahead of PostgreSQL's", 'NTP'],
    },
    {
      what: 'Immich is too old',
      prepare: withSql(
        `INSERT INTO version_history (version, "createdAt") VALUES ('1.144.1', now() + interval '1 day')`,
        `DELETE FROM version_history WHERE version = '1.144.1'`,
      ),
      finds: { 'immich.version': 'fail', 'api.server': 'warn' },
      says: ['Immich 1.144.1 is too old'],
    },
    {
      what: 'Immich is migrating',
      prepare: async () => {
        const session = await sql.reserve();
        await session`SELECT pg_advisory_lock(200)`;
        return async () => {
          await session`SELECT pg_advisory_unlock(200)`;
          session.release();
        };
      },
      finds: { 'immich.migrations': 'warn' },
      says: ['migrating', 'Run again'],
    },
    {
      what: 'a column that sharing needs is gone',
      prepare: withSql(
        'ALTER TABLE asset RENAME COLUMN visibility TO visibility_',
        'ALTER TABLE asset RENAME COLUMN visibility_ TO visibility',
      ),
      finds: { 'immich.schema': 'fail' },
      says: ['Column asset.visibility is missing.', 'Update immich-sidecar'],
      skips: noSchema,
    },
    {
      what: 'a trigger that sharing needs is disabled, and an index gone',
      prepare: withSql(
        'ALTER TABLE asset DISABLE TRIGGER asset_delete_audit; DROP INDEX "asset_ownerId_libraryId_checksum_idx"',
        `CREATE UNIQUE INDEX "asset_ownerId_libraryId_checksum_idx" ON asset ("ownerId", "libraryId", checksum)
         WHERE "libraryId" IS NOT NULL;
         ALTER TABLE asset ENABLE TRIGGER asset_delete_audit`,
      ),
      finds: { 'immich.schema': 'fail' },
      says: [/asset_delete_audit\(\) is missing or disabled/, /unique index on asset/],
      skips: noSchema,
    },
    {
      what: 'a table that nobody knows',
      prepare: withSql(
        'CREATE TABLE asset_novelty (id uuid PRIMARY KEY, "assetId" uuid REFERENCES asset (id))',
        'DROP TABLE asset_novelty',
      ),
      finds: { 'immich.unknown': 'warn' },
      says: ['Table asset_novelty refers to assets'],
    },
    {
      what: 'settings of Immich that hurt',
      config: jobs({ require: { ...job.require, ocr: 'required' } }),
      prepare: withSql(
        `INSERT INTO system_metadata (key, value)
         VALUES ('system-config', '{"machineLearning": {"ocr": {"enabled": false}}}')`,
        `DELETE FROM system_metadata WHERE key = 'system-config'`,
      ),
      finds: { 'immich.settings': 'warn' },
      says: ['"family to bob": waits for text recognition', 'require.ocr'],
    },
    {
      what: 'Immich does not answer',
      config: () => ({ immich: { ...config.immich, url: `http://127.0.0.1:${closedPort()}` } }),
      finds: { 'api.server': 'fail' },
      says: ['cannot be reached', 'IMMICH_API_URL'],
      skips: 'Immich does not answer.',
    },
    {
      what: 'a wrong API key',
      config: () => ({ immich: { ...config.immich, apiKey: new Secret('another-key') } }),
      finds: { 'api.key': 'fail' },
      says: ['does not accept the API key', 'IMMICH_API_KEY'],
      skips: 'Immich does not accept the API key.',
    },
    {
      what: 'an API key that lacks a permission',
      config: asked(servers.limited),
      finds: { 'api.key': 'fail' },
      says: ['The API key of Alice lacks asset.read, which write needs', 'allow asset.read'],
      skips: 'The API key may not read assets.',
    },
    {
      what: 'no API key',
      config: () => ({
        immich: { ...config.immich, apiKey: undefined },
        write: { ...config.write, source: 'database' },
      }),
      finds: {},
      says: [],
      skips: 'No IMMICH_API_KEY; sharing does not need one.',
    },
    {
      what: 'a library of somebody else',
      config: jobs({ targetLibraryId: library.libraries.carolShared.id }),
      finds: { 'jobs.accounts': 'fail' },
      says: [`belongs to user ${library.users.carol.id}`, 'Administration'],
    },
    {
      what: 'an unknown user and an album of somebody else',
      config: jobs({ sourceUserId: NOBODY }, { albumId: library.albums.holiday.id }),
      finds: { 'jobs.accounts': 'fail', 'jobs.selection': 'warn' },
      says: [`there is no user ${NOBODY}`, `album ${library.albums.holiday.id} does not belong`],
    },
    {
      what: 'a job that selects nothing',
      config: jobs({ sourcePathPrefix: '/external_library/alice/nowhere/' }),
      finds: { 'jobs.selection': 'warn' },
      says: ['"family to bob": selects nothing', '/external_library/alice/nowhere/'],
    },
    {
      what: 'an exclusion pattern that meets everything, and the one that new libraries have',
      prepare: withSql(
        `UPDATE library SET "exclusionPatterns" = '{**/*}' WHERE id = '${job.targetLibraryId}';
         UPDATE library SET "exclusionPatterns" = '{**/@eaDir/**,**/._*}' WHERE id = '${upload.targetLibraryId}'`,
        `UPDATE library SET "exclusionPatterns" = '{}'`,
      ),
      finds: { 'jobs.scans': 'fail' },
      says: ['excludes "**/*", so', 'every shared photo offline', 'excludes "**/._*", so', 'remove the pattern'],
    },
    {
      what: 'a partner whose photos stand in the timeline already',
      prepare: withSql(
        `INSERT INTO partner ("sharedById", "sharedWithId", "inTimeline") VALUES ('${job.sourceUserId}', '${job.targetUserId}', true)`,
        'DELETE FROM partner',
      ),
      finds: { 'jobs.partners': 'warn' },
      says: ['each shared photo is there twice', 'Partner Sharing > Show in timeline'],
    },
    {
      what: "an import path that covers another's originals",
      prepare: withSql(
        `UPDATE library SET "importPaths" = '{/external_library}' WHERE id = '${job.targetLibraryId}'`,
        `UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = '${job.targetLibraryId}'`,
      ),
      finds: { 'jobs.imports': 'fail' },
      says: [
        /"\/external_library"\) covers \d+ photos and videos of Alice, the library "Alice external" of Alice/,
        "next scan imports that into Bob's account",
        'Give the library the import path "/external_library/bob_shared" and no other',
      ],
    },
    {
      what: 'the same behind an exclusion pattern, which must stay',
      prepare: withSql(
        `UPDATE library SET "importPaths" = '{/external_library}', "exclusionPatterns" = '{**/*}' WHERE id = '${job.targetLibraryId}'`,
        `UPDATE library SET "importPaths" = '{/external_library/bob_shared}', "exclusionPatterns" = '{}' WHERE id = '${job.targetLibraryId}'`,
      ),
      finds: { 'jobs.imports': 'fail', 'jobs.scans': 'fail' },
      says: ['only the exclusion pattern "**/*" keeps', 'Leave its exclusion patterns as they are until that is done'],
    },
    {
      what: "a symbolic link to another's directory in the import path",
      prepare: () => {
        Deno.symlinkSync('../alice/family', `${directory}/external/bob_shared/photos`);
        return Promise.resolve(() => Deno.removeSync(`${directory}/external/bob_shared/photos`));
      },
      finds: { 'jobs.imports': 'fail' },
      says: [/covers \d+ photos and videos of Alice/],
    },
    {
      what: 'files in the import path that nobody knows',
      prepare: () => {
        Deno.writeTextFileSync(`${directory}/external/bob_shared/new.jpg`, 'x');
        return Promise.resolve(() => Deno.removeSync(`${directory}/external/bob_shared/new.jpg`));
      },
      finds: { 'jobs.imports': 'warn' },
      says: ['imports 1 file that Immich does not know (such as "/external_library/bob_shared/new.jpg")'],
    },
    {
      what: 'a prefix that is not hidden',
      config: jobs({ targetPathPrefix: '/external_library/bob_shared/alice/' }),
      finds: { 'jobs.scans': 'warn' },
      says: ['begins with a dot', 'docs/placements.md'],
    },
    {
      what: 'a directory one too high',
      config: () => ({ externalLibraryDir: directory }),
      finds: { 'files.originals': 'fail', 'files.links': 'fail', 'mirrors.files': 'warn', 'write.files': 'fail' },
      says: ['none of 30 sampled originals is here', `PATH_MAP=/external_library=${directory}/external`],
    },
    {
      what: 'a directory that is not here',
      config: () => ({ uploadLocation: '/nowhere/media' }),
      finds: { 'files.directories': 'fail', 'write.files': 'warn' },
      says: ['"/nowhere/media", which is "/data" in Immich, is not here', 'UPLOAD_LOCATION'],
      skips: notMounted,
    },
    {
      what: 'a target on another file system',
      obstacle: otherFileSystem.obstacle,
      prepare: () => {
        Deno.mkdirSync(elsewhere);
        return Promise.resolve(() => Deno.removeSync(elsewhere, { recursive: true }));
      },
      config: () => ({ pathMap: [{ immich: '/external_library/bob_shared', local: elsewhere }] }),
      finds: { 'files.links': 'fail', 'mirrors.files': 'warn' },
      says: ['different file systems', 'placement: copy'],
    },
    {
      what: 'originals to which nobody may make a link',
      obstacle: noUnlinkable,
      prepare: () => {
        const made = unlinkable.make(`${directory}/external/alice/family`);
        return Promise.resolve(() => made[Symbol.dispose]());
      },
      finds: { 'files.links': 'fail' },
      says: ['may not be linked to', 'fs.protected_hardlinks', 'placement: copy'],
    },
    {
      what: "a target's directory into which everybody may write",
      prepare: async () => {
        const shared = `${directory}/external/bob_shared`;
        await Deno.chmod(shared, 0o777);
        return () => Deno.chmod(shared, 0o755);
      },
      finds: { 'files.others': 'warn' },
      says: ['every user of this machine may write into', 'bob_shared', 'chmod o-w'],
    },
    {
      what: "a target's directory into which a group may write that is not ours",
      obstacle: Deno.uid() === 0 ? undefined : 'only root may give a file to any group',
      prepare: async () => {
        const shared = `${directory}/external/bob_shared`;
        await Deno.chown(shared, null, 100);
        await Deno.chmod(shared, 0o775);
        return async () => {
          await Deno.chown(shared, null, Deno.gid());
          await Deno.chmod(shared, 0o755);
        };
      },
      finds: { 'files.others': 'warn' },
      says: ['everybody in group 100', 'bob_shared', 'chmod g-w'],
    },
    {
      what: 'a target that cannot be written to',
      obstacle: noImmutable,
      prepare: () => {
        const lock = immutable.make(`${directory}/external/bob_shared/.alice`);
        return Promise.resolve(() => lock[Symbol.dispose]());
      },
      finds: { 'files.links': 'fail' },
      says: ['nothing can be written to', 'PUID and PGID'],
    },
    {
      what: 'a link in the place of the directory of kept files',
      prepare: () => {
        const kept = `${directory}/external/bob_shared/.kept`;
        Deno.symlinkSync(`${directory}/external/alice`, kept);
        return Promise.resolve(() => Deno.removeSync(kept));
      },
      finds: { 'files.own': 'fail' },
      says: ['bob_shared/.kept" is a symbolic link', 'mv '],
    },
    {
      what: 'a thumbnail is missing',
      prepare: () => hide(thumbnail, directory),
      finds: { 'files.originals': 'warn' },
      says: [/1 of \d+ sampled thumbnails is not here/, 'Generate Thumbnails'],
    },
    {
      what: 'tables of a newer program',
      prepare: withSql(
        `INSERT INTO immich_sidecar.migration (version, name) VALUES (99, 'from the future')`,
        'DELETE FROM immich_sidecar.migration WHERE version = 99',
      ),
      finds: { 'mirrors.schema': 'fail' },
      says: ['version 99', 'install that version'],
      skips: 'Our own tables are those of a newer program.',
    },
    {
      what: 'tables of immich-shared-library that we may not read',
      prepare: withSql('CREATE TABLE _face_sync_asset_map (target_asset_id uuid)', 'DROP TABLE _face_sync_asset_map'),
      finds: { 'database.rights': 'warn' },
      says: ['so takeover cannot', 'GRANT SELECT ON public._face_sync_asset_map TO sidecar;'],
      skips: 'The database user may not read the tables of immich-shared-library.',
    },
    {
      what: 'mirrors of immich-shared-library',
      prepare: withSql(
        `CREATE TABLE _face_sync_asset_map (source_asset_id uuid, target_asset_id uuid, source_user_id uuid, target_user_id uuid);
         GRANT SELECT ON _face_sync_asset_map TO sidecar;
         INSERT INTO _face_sync_asset_map
         SELECT '${NOBODY}', id, '${NOBODY}', "ownerId" FROM asset WHERE "ownerId" = '${library.users.bob.id}' AND "libraryId" IS NULL LIMIT 1`,
        'DROP TABLE _face_sync_asset_map',
      ),
      finds: { 'mirrors.predecessor': 'warn' },
      says: ['immich-shared-library', 'immich-sidecar takeover'],
    },
    {
      what: 'a run that was killed',
      prepare: withSql(
        `INSERT INTO immich_sidecar.link (mirror_id, path, keep)
         VALUES ('${NOBODY}', '/external_library/bob_shared/.alice/x.jpg', '/external_library/bob_shared')`,
        `DELETE FROM immich_sidecar.link WHERE mirror_id = '${NOBODY}'`,
      ),
      finds: { 'mirrors.unfinished': 'warn' },
      says: ['1 file was being linked', 'next sync'],
    },
    {
      what: 'a brake',
      prepare: withSql(
        `INSERT INTO immich_sidecar_decisions.brake (job_name, mirrors, total, reasons)
         VALUES ('family to bob', 20, 25, '{"source-offline": 20}')`,
        'DELETE FROM immich_sidecar_decisions.brake',
      ),
      finds: { 'mirrors.brakes': 'fail' },
      says: ['20 of 25 shared photos', '20 not found by Immich', '--confirm-withdrawals --job "family to bob"'],
    },
    {
      what: 'a brake that was confirmed',
      prepare: withSql(
        `INSERT INTO immich_sidecar_decisions.brake (job_name, mirrors, total, reasons, confirmed_at)
         VALUES ('family to bob', 20, 25, '{"source-offline": 20}', now())`,
        'DELETE FROM immich_sidecar_decisions.brake',
      ),
      finds: { 'mirrors.brakes': 'warn' },
      says: ['confirmed'],
    },
    {
      what: 'mirrors that are offline',
      prepare: withSql(
        `UPDATE asset SET "isOffline" = true
         WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map WHERE job_name = 'uploads to bob')`,
        'UPDATE asset SET "isOffline" = false WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)',
      ),
      finds: { 'mirrors.offline': 'fail' },
      says: ['"uploads to bob": 7 of 7 shared photos are offline'],
    },
    ...[false, true].map((isThorough): Case => ({
      what: `a mirror without its file${isThorough ? ', looked for thoroughly' : ''}`,
      options: { isThorough },
      prepare: () => hide(filesBelow(`${directory}/external/bob_shared`)[0], directory),
      finds: { 'mirrors.files': 'warn' },
      says: ['1 of 32 shared photos lacks a file, for example "/external_library/bob_shared/.alice/'],
    })),
    {
      what: 'another ExifTool that is none',
      config: write({ exiftoolPath: '/nowhere/exiftool' }),
      finds: { 'write.exiftool': 'fail' },
      says: ['/nowhere/exiftool', 'EXIFTOOL_PATH'],
      skips: 'ExifTool cannot be run.',
    },
    {
      what: 'a photo that ExifTool cannot make sense of',
      prepare: () => {
        const path = library.assets.find(({ key }) => key === 'family/portrait')?.localPath ?? '';
        const bytes = Deno.readFileSync(path);
        const { atime, mtime } = Deno.statSync(path);
        const put = (content: Uint8Array) => {
          Deno.writeFileSync(path, content);
          Deno.utimeSync(path, atime ?? 0, mtime ?? 0);
        };
        put(new Uint8Array(1_000).fill(0xee));
        return Promise.resolve(() => put(bytes));
      },
      config: asked(servers.onlyPortrait),
      finds: { 'write.read': 'warn' },
      says: ['cannot read 1 of 1 sampled file', 'portrait.jpg'],
    },
    {
      what: 'a ledger that a run has not finished',
      prepare: () =>
        withLedger(config, (ledger) => ledger.runs.start('{"modules":["albums"]}', '2026-11-21T10:00:00Z')),
      finds: { 'write.ledger': 'warn' },
      says: ['the last run, 1, began 2026-11-21 10:00, and did not come to its end', '--resume'],
    },
    {
      what: 'a service that somebody has paused',
      prepare: () => {
        Deno.mkdirSync(config.write.stateDirectory);
        Deno.writeTextFileSync(`${config.write.stateDirectory}/paused`, '2026-11-30T10:00:00.000Z\n');
        return Promise.resolve(() => Deno.removeSync(config.write.stateDirectory, { recursive: true }));
      },
      finds: { 'program.config': 'warn' },
      says: ['paused since 2026-11-30 10:00 UTC', 'Resume it on the dashboard'],
    },
    {
      what: 'a ledger that is none',
      prepare: () => {
        Deno.mkdirSync(config.write.stateDirectory);
        Deno.writeTextFileSync(`${config.write.stateDirectory}/ledger.sqlite`, 'no database at all'.repeat(100));
        return Promise.resolve(() => Deno.removeSync(config.write.stateDirectory, { recursive: true }));
      },
      finds: { 'write.ledger': 'fail' },
      says: ['cannot be read', 'move it away'],
    },
    {
      what: 'a place for the ledger that cannot be written to',
      obstacle: noImmutable,
      prepare: () => {
        Deno.mkdirSync(config.write.stateDirectory);
        const lock = immutable.make(config.write.stateDirectory);
        return Promise.resolve(() => {
          lock[Symbol.dispose]();
          Deno.removeSync(config.write.stateDirectory);
        });
      },
      finds: { 'write.ledger': 'fail' },
      says: ['cannot be written', 'WRITE_STATE_DIR'],
    },
    {
      what: 'uploads that are written into',
      config: write({ destination: 'embed' }),
      finds: { 'write.destination': 'warn' },
      says: ['integrity report', 'WRITE_TO=sidecar'],
    },
    {
      what: 'faces that Immich would take for more faces',
      config: write({ modules: ['faces'] }),
      prepare: withSql(
        `INSERT INTO system_metadata (key, value) VALUES ('system-config', '{"metadata": {"faces": {"import": true}}}')
         ON CONFLICT (key) DO UPDATE SET value = system_metadata.value || excluded.value`,
        `UPDATE system_metadata SET value = value - 'metadata' WHERE key = 'system-config'`,
      ),
      finds: { 'write.faces': 'warn' },
      says: ['on their photos twice', 'Import faces'],
    },
  ];
}

const NOBODY = '00000000-0000-4000-8000-000000000000';

function skippedChecks(findings: readonly Finding[]): string[] {
  return findings.filter(({ status }) => status === 'skipped').map(({ check }) => check);
}

/** Takes a file away without changing it. */
function hide(path: string | undefined, directory: string): Promise<() => void> {
  assert.ok(path);
  Deno.renameSync(path, `${directory}/hidden`);
  return Promise.resolve(() => Deno.renameSync(`${directory}/hidden`, path));
}

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${directory}/${name}`) : [`${directory}/${name}`]
  ).toSorted();
}

/** Does something with a ledger, which is gone afterwards. */
function withLedger({ write: { stateDirectory } }: Config, use: (ledger: Ledger) => unknown): Promise<() => void> {
  using ledger = Ledger.open(stateDirectory);
  use(ledger);
  return Promise.resolve(() => Deno.removeSync(stateDirectory, { recursive: true }));
}

function closedPort(): number {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test('nothing is wrong with any release of Immich', async (t) => {
  for (const release of REPRESENTATIVE) {
    await t.step(release, async () => {
      await using ward = await Ward.open({ release });
      const found = await ward.examine({}, { isThorough: true });
      assert.deepEqual(found.filter(({ status }) => status === 'warn' || status === 'fail'), []);
      assert.deepEqual(skippedChecks(found), ['write.ledger']);
    });
  }
});

Deno.test('before the first sync everything that can be looked at is', async () => {
  await using ward = await Ward.open({ isShared: false });
  const before = await everything(ward.world);
  const found = await ward.examine();
  assert.deepEqual(found.filter(({ status }) => status === 'warn' || status === 'fail'), []);
  assert.deepEqual(skippedChecks(found), [
    'mirrors.unfinished',
    'mirrors.brakes',
    'mirrors.stopped',
    'mirrors.offline',
    'mirrors.people',
    'mirrors.left',
    'mirrors.files',
    'write.ledger',
  ]);
  assert.equal(found.find(({ check }) => check === 'mirrors.files')?.message, 'Nothing was shared yet.');
  assert.deepEqual(await everything(ward.world), before);
});

Deno.test('without jobs and without a key only what concerns everybody is looked at', async () => {
  await using ward = await Ward.open({ isShared: false });
  const found = await ward.examine({ jobs: [], immich: { ...ward.config.immich, apiKey: undefined } });
  const problems = found.filter(({ status }) => status === 'warn' || status === 'fail');
  assert.deepEqual(problems.map(({ check }) => check), ['program.config']);
  assert.match(complaints(found, 'program.config'), /nothing to do: .*\n-> immich-sidecar setup/);
  const message = (name: string) => found.find(({ check }) => check === name)?.message;
  assert.equal(message('jobs.accounts'), 'No shares are configured, so nothing is shared.');
  assert.equal(message('api.key'), 'No IMMICH_API_KEY; sharing does not need one.');
  assert.match(message('write.files') ?? '', /Write-back is not set up/);
  assert.equal(worst(found).get('immich.schema'), 'ok');
  assert.equal(worst(found).get('files.directories'), 'ok');
});

Deno.test('who only shares is told nothing of write-back, and the key that setup asks for is enough', async () => {
  await using ward = await Ward.open();
  await using limited = ward.another({ permissions: PERMISSIONS });
  const found = await ward.examine({
    immich: { url: limited.url, apiKey: limited.apiKey },
    write: { ...ward.config.write, isMentioned: false, destination: 'embed', timeZone: 'Europe/Berlin' },
  });
  const problems = found.filter(({ status }) => status === 'warn' || status === 'fail');
  assert.deepEqual(problems.map(({ check, message }) => `${check}: ${message}`), []);
  assert.match(found.find(({ check }) => check === 'api.key')?.message ?? '', /sharing works without/);
  const written = await ward.examine({ immich: { url: limited.url, apiKey: limited.apiKey } });
  assert.equal(worst(written).get('api.key'), 'fail', 'who writes needs more');
});

Deno.test('a database that is not of Immich is told once, and everything about it skipped', async () => {
  await using ward = await Ward.open({ isShared: false });
  const other = await openEmpty();
  try {
    const found = await ward.examine({ database: other.config });
    assert.match(complaints(found, 'immich.version'), /is not an Immich database/);
    assert.deepEqual(found.filter(({ status }) => status === 'fail').map(({ check }) => check), ['immich.version']);
    assert.equal(found.find(({ check }) => check === 'mirrors.schema')?.message, 'This is not a database of Immich.');
  } finally {
    await other.close();
  }
});

Deno.test({
  name: "the doctor's sessions cannot write",
  fn: async () => {
    await using ward = await Ward.open({ isShared: false });
    const options = { env: {}, isThorough: false, progress: { isShown: false, start() {}, advance() {}, stop() {} } };
    await using subject = new Subject({ ...options, load: () => ward.config });
    const sql = await subject.sql.get();
    await assert.rejects(sql`CREATE SCHEMA immich_sidecar`, (error) => sqlStateOf(error) === '25006');
  },
});
