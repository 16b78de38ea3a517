/** What Immich 3.3 does by itself when people are shared natively (`person_user`), as measured on its own functions. */
import assert from 'node:assert/strict';
import { openImmich } from '../harness/database.ts';
import { ImmichRows } from './immich_rows.ts';

/** Alice has somebody whom Bob, in the same cluster group, has not. */
class Sharing implements AsyncDisposable {
  private constructor(
    readonly rows: ImmichRows,
    readonly alice: string,
    readonly bob: string,
    readonly group: string,
    readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<Sharing> {
    const database = await openImmich('v3.3.0');
    const rows = await ImmichRows.in(database);
    const [alice, bob] = [await rows.user('alice'), await rows.user('bob')];
    await rows.sql`UPDATE "user" SET "clusterGroupId" = (SELECT "clusterGroupId" FROM "user" WHERE id = ${alice})`;
    const group = await rows.person(alice);
    await rows.sql`UPDATE person SET name = 'Grandma', "birthDate" = '1950-01-02', "isHidden" = true`;
    return new Sharing(rows, alice, bob, group, database.close);
  }

  async share(from: string, to: string, role = 'read'): Promise<void> {
    await this.rows.sql`
      INSERT INTO person_user ("personGroupId", "sharedById", "sharedWithId", role)
      VALUES (${this.group}, ${from}, ${to}, ${role}::person_user_role_enum)
      ON CONFLICT ("personGroupId", "sharedById", "sharedWithId") DO UPDATE SET role = EXCLUDED.role`;
  }

  async personOf(user: string): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.rows.sql`
      SELECT name, "birthDate"::text AS "birthDate", "isHidden", "thumbnailPath", "faceAssetId"
      FROM person
      WHERE "ownerId" = ${user} AND "personGroupId" = ${this.group}`;
    return row && { ...row };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

Deno.test('3.3: a share gives its receiver a row with name and birth date, and nothing else', async () => {
  await using sharing = await Sharing.open();
  await sharing.share(sharing.alice, sharing.bob);
  assert.deepEqual(await sharing.personOf(sharing.bob), {
    name: 'Grandma',
    birthDate: '1950-01-02',
    isHidden: false,
    thumbnailPath: '',
    faceAssetId: null,
  });
});

Deno.test('3.3: a row that the receiver has is only completed', async () => {
  await using sharing = await Sharing.open();
  const { rows: { sql }, alice, bob, group } = sharing;
  await sql`INSERT INTO person ("ownerId", "personGroupId", name) VALUES (${bob}, ${group}, 'Nan')`;
  await sharing.share(alice, bob);
  const completed = await sharing.personOf(bob);
  assert.deepEqual([completed?.['name'], completed?.['birthDate']], ['Nan', '1950-01-02']);

  const updateId = async () => (await sql`SELECT "updateId" FROM person WHERE "ownerId" = ${bob}`)[0]?.['updateId'];
  const before = await updateId();
  await sql`DELETE FROM person_user`;
  await sharing.share(alice, bob);
  assert.equal(await updateId(), before, 'one that lacks nothing is not touched');
});

Deno.test('3.3: a role that changes copies nothing, and a share that ends leaves the row', async () => {
  await using sharing = await Sharing.open();
  const { rows: { sql }, alice, bob } = sharing;
  await sharing.share(alice, bob);
  await sql`UPDATE person SET name = 'Gran' WHERE "ownerId" = ${alice}`;
  await sharing.share(alice, bob, 'admin');
  await sql`DELETE FROM person_user`;
  assert.equal((await sharing.personOf(bob))?.['name'], 'Grandma');
});

Deno.test("3.3: with a receiver's row the shares go that they received, with a sharer's those that they gave", async () => {
  await using sharing = await Sharing.open();
  const { rows, alice, bob } = sharing;
  const carol = await rows.user('carol');
  await sharing.share(alice, bob);
  await sharing.share(bob, carol);
  await rows.sql`DELETE FROM person WHERE "ownerId" = ${alice}`;
  await rows.assertCounts({ person_user: 1, person: 2 });
  await rows.sql`DELETE FROM person WHERE "ownerId" = ${carol}`;
  await rows.assertCounts({ person_user: 0, person: 1, person_audit: 2 });
});

Deno.test('3.3: of several sharers in one statement a named one counts; sharing with oneself is refused', async () => {
  await using sharing = await Sharing.open();
  const { rows, alice, bob, group } = sharing;
  const carol = await rows.user('carol');
  await rows
    .sql`INSERT INTO person ("ownerId", "personGroupId", "birthDate") VALUES (${carol}, ${group}, '1950-01-03')`;
  await rows.sql`
    INSERT INTO person_user ("personGroupId", "sharedById", "sharedWithId", role)
    VALUES (${group}, ${carol}, ${bob}, 'read'), (${group}, ${alice}, ${bob}, 'read')`;
  assert.equal((await sharing.personOf(bob))?.['birthDate'], '1950-01-02');
  await assert.rejects(sharing.share(alice, alice), { code: '23514' });
  await assert.rejects(sharing.share(await rows.user('dave'), bob), { code: '23503' });
});
