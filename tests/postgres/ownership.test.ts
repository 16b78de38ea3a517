import assert from 'node:assert/strict';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { EXIT, RefusedError } from '../../src/errors.ts';
import { connect, type Connection, disconnect } from '../../src/postgres/connect.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { assertReadable, giveBack, type Ownership, readOwnership } from '../../src/postgres/ownership.ts';
import { MIGRATIONS } from '../../src/share/schema/migrations.ts';
import { makeOwnTables, OWN_SCHEMAS } from '../../src/share/schema/own_tables.ts';
import type { ImmichDatabase } from '../harness/database.ts';
import { backUp, restore, RESTORERS } from '../harness/immich_backup.ts';
import { onBackups } from './on_backups.ts';

/** Immich with a role of its own that is no superuser, and a role that may do what that one may. */
interface Roles {
  readonly immich: DatabaseConfig;
  readonly member: DatabaseConfig;
}

/** As whom this program works then, and whose its tables are to be. */
const OURS: Readonly<
  Record<string, { config: (db: ImmichDatabase, roles: Roles) => DatabaseConfig; owner: 'Immich' | 'us' }>
> = {
  'a superuser': { config: ({ superuser }) => superuser, owner: 'Immich' },
  "a member of Immich's role": { config: (_, { member }) => member, owner: 'Immich' },
  'a role with just the rights it needs': { config: ({ config }) => config, owner: 'us' },
};

for (const [who, { config, owner }] of Object.entries(OURS)) {
  onBackups(
    `as ${who}: Immich's nightly backup takes our tables along, also those of earlier versions`,
    async (db, bin) => {
      await withRoles(db, async (roles) => {
        const ours = config(db, roles);
        await as(ours, (sql) => sql.begin((tx) => migrate(tx, MIGRATIONS))); // as earlier versions left them
        await assert.rejects(backUp(bin, roles.immich), /permission denied for schema immich_sidecar/);

        await as(ours, (sql) => sql.begin(makeOwnTables));
        assert.match(await backUp(bin, roles.immich), /COPY immich_sidecar_stacks\.stack_map/);
        const ownership = await as(ours, ownershipOf);
        const expected = owner === 'Immich' ? ownership.immichRole : ownership.role;
        for (const object of ownership.objects) {
          assert.deepEqual({ ...object, isReadable: true, mayRead: true, mayWrite: true, isMine: true }, object);
          assert.equal(object.owner, expected, object.name);
        }

        // Whatever is made later, by whichever statement, can be backed up too.
        await as(ours, (sql) => sql`CREATE TABLE immich_sidecar.later (id int GENERATED ALWAYS AS IDENTITY)`);
        if (owner === 'Immich') await as(ours, (sql) => sql.begin(makeOwnTables));
        await backUp(bin, roles.immich);
      });
    },
  );
}

for (const restorer of RESTORERS) {
  onBackups(
    `Immich ${restorer}: after a restored backup a role of its own works on, or is told the statements it takes`,
    async (db, bin) => {
      await as(db.config, (sql) => sql.begin(makeOwnTables));
      await db.sql`INSERT INTO immich_sidecar_decisions.wanted VALUES (gen_random_uuid(), gen_random_uuid())`;
      await restore(bin, db.superuser, await backUp(bin, db.superuser), restorer);
      if (restorer !== '2.5') {
        const refusal = await as(db.config, (sql) => assertReadable(sql, OWN_SCHEMAS)).then(
          () => undefined,
          (error) => error,
        );
        assert.ok(refusal instanceof RefusedError);
        assert.equal(refusal.exitCode, EXIT.refused);
        assert.match(refusal.message, /may not use the tables of immich-sidecar\. They belong to postgres/);
        const statements = giveBack(await as(db.config, ownershipOf));
        assert.ok(
          statements.every((statement) => refusal.remedy.includes(`${statement};`)),
          refusal.remedy,
        );
        for (const statement of statements) await db.sql.unsafe(statement);
      }
      await as(db.config, (sql) => assertReadable(sql, OWN_SCHEMAS));
      await as(db.config, (sql) => sql.begin(makeOwnTables));
      const rows = await as(db.config, (sql) => sql`SELECT FROM immich_sidecar_decisions.wanted`);
      assert.equal(rows.length, 1);
    },
  );
}

/** Gives Immich's tables to a role of its own for as long as `use` takes. */
async function withRoles({ sql, superuser }: ImmichDatabase, use: (roles: Roles) => Promise<void>): Promise<void> {
  const suffix = crypto.randomUUID().slice(0, 8);
  const [immich, member] = [`immich-${suffix}`, `member-${suffix}`]; // names that need quotes
  const tables = await sql<{ name: string }[]>`
    SELECT format('public.%I', relname) AS name
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`;
  for (const role of [immich, member]) {
    await sql.unsafe(`CREATE ROLE "${role}" LOGIN PASSWORD '${superuser.password.reveal()}'`);
  }
  try {
    await sql.unsafe(`GRANT "${immich}" TO "${member}"; GRANT CREATE ON DATABASE ${superuser.name} TO "${member}"`);
    for (const { name } of tables) await sql.unsafe(`ALTER TABLE ${name} OWNER TO "${immich}"`);
    await use({ immich: { ...superuser, username: immich }, member: { ...superuser, username: member } });
  } finally {
    await sql.unsafe(`REASSIGN OWNED BY "${immich}", "${member}" TO postgres; DROP OWNED BY "${immich}", "${member}"`);
    await sql.unsafe(`DROP ROLE "${immich}", "${member}"`);
  }
}

async function as<T>(config: DatabaseConfig, use: (sql: Connection) => PromiseLike<T>): Promise<T> {
  const sql = await connect(config);
  try {
    return await use(sql);
  } finally {
    await disconnect(sql);
  }
}

async function ownershipOf(sql: Connection): Promise<Ownership> {
  const ownership = await readOwnership(sql, OWN_SCHEMAS);
  assert.ok(ownership);
  return ownership;
}
