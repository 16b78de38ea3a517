import assert from 'node:assert/strict';
import type { Connection } from '../../src/postgres/connect.ts';
import type { ImmichDatabase } from '../harness/database.ts';
import { RowWriter, type Values } from '../harness/rows.ts';

/** The few kinds of rows that trigger tests are about, by the names that each release gives their columns. */
export class ImmichRows {
  readonly sql: Connection;
  readonly #writer: RowWriter;

  private constructor(sql: Connection, writer: RowWriter) {
    this.sql = sql;
    this.#writer = writer;
  }

  static async in(database: ImmichDatabase): Promise<ImmichRows> {
    return new ImmichRows(database.sql, await RowWriter.for(database));
  }

  has(table: string, column?: string): boolean {
    return this.#writer.has(table, column);
  }

  insert(table: string, values: Values): Promise<Record<string, unknown>> {
    return this.#writer.insert(table, values);
  }

  user(name: string): Promise<string> {
    return this.#writer.insertUser(name);
  }

  asset(ownerId: string, values: Values = {}): Promise<string> {
    return this.#id('asset', { ownerId, ...values });
  }

  /** The face, of `person` if one is given. */
  face(assetId: string, person?: string): Promise<string> {
    return this.#id('asset_face', { assetId, personId: person, personGroupId: person });
  }

  /** The id by which faces refer to the person: since v3.2 that of its group. */
  async person(ownerId: string): Promise<string> {
    if (!this.has('person_group')) return await this.#id('person', { ownerId });
    const [user] = await this.sql`SELECT "clusterGroupId" FROM "user" WHERE id = ${ownerId}`;
    const personGroupId = await this.#id('person_group', { clusterGroupId: user?.['clusterGroupId'] });
    await this.insert('person', { ownerId, personGroupId });
    return personGroupId;
  }

  /** Since v3 the owner of an album is a member with the role `owner`. */
  get ownersAreMembers(): boolean {
    return !this.has('album', 'ownerId');
  }

  async album(ownerId: string, options: { withoutOwner?: boolean } = {}): Promise<string> {
    const album = await this.#id('album', { ownerId });
    if (this.ownersAreMembers && !options.withoutOwner) await this.member(album, ownerId, 'owner');
    return album;
  }

  async member(album: string, user: string, role: string): Promise<void> {
    const table = 'album_user';
    await this.insert(table, { [this.key(table, 'albumId')]: album, [this.key(table, 'userId')]: user, role });
  }

  async albumAsset(album: string, asset: string): Promise<void> {
    const table = 'album_asset';
    await this.insert(table, { [this.key(table, 'albumId')]: album, [this.key(table, 'assetId')]: asset });
  }

  /** `albumId`, or `albumsId` as it was called before v2.4. */
  key(table: string, name: string): string {
    return this.has(table, name) ? name : name.replace(/Id$/, 'sId');
  }

  async updateIdOf(table: string, id: string): Promise<string> {
    const [row] = await this.sql<{ updateId: string }[]>`SELECT "updateId" FROM ${this.sql(table)} WHERE id = ${id}`;
    assert.ok(row, `${table} has no row ${id}`);
    return row.updateId;
  }

  async assertCounts(expected: Readonly<Record<string, number>>): Promise<void> {
    const actual: Record<string, number> = {};
    for (const table of Object.keys(expected)) {
      const [row] = await this.sql<{ count: number }[]>`SELECT count(*)::int AS count FROM ${this.sql(table)}`;
      actual[table] = row?.count ?? 0;
    }
    assert.deepEqual(actual, expected);
  }

  async #id(table: string, values: Values): Promise<string> {
    return String((await this.insert(table, values))['id']);
  }
}
