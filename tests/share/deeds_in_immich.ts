import type { World } from './world.ts';

type UserKey = 'alice' | 'bob' | 'carol';

/** What people do with albums and tags in Immich's web page, with the rows that its own statements write. */
export class InImmich {
  constructor(readonly world: World) {}

  /** The columns of album_asset, album_user and tag_asset, which were plurals before 2.4. */
  get keys() {
    const end = this.world.db.release < 'v2.4' ? 'sId' : 'Id';
    return { album: `album${end}`, asset: `asset${end}`, user: `user${end}`, tag: `tag${end}` };
  }

  async makeAlbum(owner: UserKey, name: string, photos: readonly string[] = []): Promise<string> {
    const { sql, library, db } = this.world;
    const id = crypto.randomUUID();
    const ownerId = library.users[owner].id;
    if (db.release < 'v3') {
      await sql`INSERT INTO album (id, "albumName", "ownerId") VALUES (${id}, ${name}, ${ownerId})`;
    } else {
      await sql.begin(async (tx) => {
        await tx`INSERT INTO album (id, "albumName") VALUES (${id}, ${name})`;
        await tx`INSERT INTO album_user ("albumId", "userId", role) VALUES (${id}, ${ownerId}, 'owner')`;
      });
    }
    await this.putInto(id, photos);
    return id;
  }

  async putInto(albumId: string, photos: readonly string[]): Promise<void> {
    const { sql } = this.world;
    if (photos.length === 0) return;
    await sql`
      INSERT INTO album_asset (${sql(this.keys.album)}, ${sql(this.keys.asset)})
      SELECT ${albumId}, id FROM unnest(${photos as string[]}::uuid[]) AS id`;
    await sql`UPDATE album SET "updatedAt" = now() WHERE id = ${albumId}`;
  }

  async takeOut(albumId: string, photos: readonly string[]): Promise<void> {
    const { sql } = this.world;
    await sql`
      DELETE FROM album_asset
      WHERE ${sql(this.keys.album)} = ${albumId} AND ${sql(this.keys.asset)} = ANY (${photos as string[]}::uuid[])`;
  }

  /** AssetService.updateAll (PUT /assets), as the web page and the apps lock photos. */
  async lock(photos: readonly string[]): Promise<void> {
    const { sql } = this.world;
    await sql`UPDATE asset SET visibility = 'locked' WHERE id = ANY (${photos as string[]}::uuid[])`;
    await sql`DELETE FROM album_asset WHERE ${sql(this.keys.asset)} = ANY (${photos as string[]}::uuid[])`;
  }

  async unlock(photos: readonly string[]): Promise<void> {
    await this.world.sql`UPDATE asset SET visibility = 'timeline' WHERE id = ANY (${photos as string[]}::uuid[])`;
  }

  async renameAlbum(albumId: string, name: string): Promise<void> {
    await this.world.sql`UPDATE album SET "albumName" = ${name} WHERE id = ${albumId}`;
  }

  async deleteAlbum(albumId: string): Promise<void> {
    await this.world.sql`DELETE FROM album WHERE id = ${albumId}`;
  }

  /** Gives an album to somebody else; who had it stays as an editor, or is no member any more. */
  async giveAlbum(albumId: string, from: UserKey, to: UserKey, { stays }: { readonly stays: boolean }): Promise<void> {
    const { sql, library, db } = this.world;
    const { album, user } = this.keys;
    const [former, owner] = [library.users[from].id, library.users[to].id];
    await sql.begin(async (tx) => {
      if (db.release >= 'v3') {
        await tx`UPDATE album_user SET role = 'editor' WHERE "albumId" = ${albumId} AND role = 'owner'`;
        await tx`
          INSERT INTO album_user ("albumId", "userId", role)
          VALUES (${albumId}, ${owner}, 'owner')
          ON CONFLICT ("albumId", "userId") DO UPDATE
          SET role = excluded.role`;
        if (!stays) await tx`DELETE FROM album_user WHERE "albumId" = ${albumId} AND "userId" = ${former}`;
      } else {
        await tx`UPDATE album SET "ownerId" = ${owner} WHERE id = ${albumId}`;
        await tx`DELETE FROM album_user WHERE ${tx(album)} = ${albumId} AND ${tx(user)} = ${owner}`;
        if (stays) {
          await tx`
            INSERT INTO album_user (${tx(album)}, ${tx(user)}, role)
            VALUES (${albumId}, ${former}, 'editor')`;
        }
      }
    });
  }

  /** What is left of an account a week after it was deleted: nothing but the files in its external libraries. */
  async purge(user: UserKey): Promise<void> {
    const { sql, library, db, directory } = this.world;
    const { id } = library.users[user];
    for (const folder of ['upload', 'library', 'thumbs', 'encoded-video', 'profile']) {
      await Deno.remove(`${directory}/media/${folder}/${id}`, { recursive: true }).catch(() => {});
    }
    if (db.release < 'v3') await sql`DELETE FROM album WHERE "ownerId" = ${id}`;
    else {
      await sql`DELETE FROM album WHERE id IN (SELECT "albumId" FROM album_user WHERE "userId" = ${id} AND role = 'owner')`;
    }
    await sql`DELETE FROM "user" WHERE id = ${id}`;
  }

  async invite(albumId: string, user: UserKey): Promise<void> {
    const { sql, library } = this.world;
    await sql`
      INSERT INTO album_user (${sql(this.keys.album)}, ${sql(this.keys.user)}, role)
      VALUES (${albumId}, ${library.users[user].id}, 'editor')`;
  }

  async dismiss(albumId: string, user: UserKey): Promise<void> {
    const { sql, library } = this.world;
    await sql`
      DELETE FROM album_user
      WHERE ${sql(this.keys.album)} = ${albumId} AND ${sql(this.keys.user)} = ${library.users[user].id}`;
  }

  /** Makes a tag below another one, or at the top; `value` is whole, such as `share/bob`. */
  async makeTag(owner: UserKey, value: string, parentId: string | null = null): Promise<string> {
    const { sql, library } = this.world;
    const id = crypto.randomUUID();
    await sql.begin(async (tx) => {
      await tx`
        INSERT INTO tag (id, "userId", value, "parentId")
        VALUES (${id}, ${library.users[owner].id}, ${value}, ${parentId})`;
      await tx`
        INSERT INTO tag_closure (id_ancestor, id_descendant)
        SELECT ${id}::uuid, ${id}::uuid
        UNION
        SELECT id_ancestor, ${id}::uuid FROM tag_closure WHERE id_descendant = ${parentId}`;
    });
    return id;
  }

  async tag(tagId: string, photo: string): Promise<void> {
    const { sql } = this.world;
    await sql`INSERT INTO tag_asset (${sql(this.keys.tag)}, ${sql(this.keys.asset)}) VALUES (${tagId}, ${photo})`;
  }

  async untag(tagId: string, photo: string): Promise<void> {
    const { sql } = this.world;
    await sql`
      DELETE FROM tag_asset WHERE ${sql(this.keys.tag)} = ${tagId} AND ${sql(this.keys.asset)} = ${photo}`;
  }

  async deleteTag(tagId: string): Promise<void> {
    await this.world.sql`DELETE FROM tag WHERE id = ${tagId}`;
  }
}

/** As LibraryService.handleDeleteLibrary does it in the end. */
export async function deleteLibrary({ sql }: World, libraryId: string): Promise<void> {
  const mirrors = sql`SELECT id FROM asset WHERE "libraryId" = ${libraryId}`;
  await sql`DELETE FROM stack WHERE "primaryAssetId" IN (${mirrors})`;
  await sql`DELETE FROM asset WHERE "libraryId" = ${libraryId}`;
  await sql`DELETE FROM library WHERE id = ${libraryId}`;
}
