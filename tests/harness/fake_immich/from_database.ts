import type { Edit } from '../../../src/immich/edits.ts';
import type { Sql } from '../../../src/postgres/connect.ts';
import type { FakeAsset, FakeLibrary, FakePerson } from './library.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * What Immich would know with these tables, for one user. Whole tables as JSON, put together here, so that nothing is
 * shared with the statements of the program.
 */
export async function libraryFromDatabase(sql: Sql, userId: string): Promise<FakeLibrary> {
  const read = async (table: string): Promise<readonly Row[]> => {
    const [exists] = await sql`SELECT to_regclass(${table}) IS NOT NULL AS found`;
    if (exists?.found !== true) return [];
    return (await sql<{ row: Row }[]>`SELECT to_jsonb(t) AS row FROM ${sql(table)} t`).map(({ row }) => row);
  };
  const [assets, exif, faces, people, edits] = [
    await read('asset'),
    Map.groupBy(await read('asset_exif'), ({ assetId }) => assetId),
    Map.groupBy(await read('asset_face'), ({ assetId }) => assetId),
    await read('person'),
    Map.groupBy(await read('asset_edit'), ({ assetId }) => assetId),
  ];
  const tagsOf = Map.groupBy(await read('tag_asset'), (row) => row.assetId ?? row.assetsId);
  const personOf = (face: Row, ownerId: unknown): FakePerson | null => {
    const key = face.personGroupId ?? face.personId ?? null;
    const person = people.find((one) => (one.personGroupId ?? one.id) === key && one.ownerId === ownerId);
    if (person === undefined) return null;
    return { id: String(key), name: String(person.name), isHidden: person.isHidden === true };
  };
  const albumAssets = await read('album_asset');
  const members = await read('album_user');
  return {
    userId,
    partnerIds: [],
    assets: assets.map((asset): FakeAsset => ({
      ...(asset as unknown as FakeAsset),
      isEdited: asset.isEdited === true,
      isDeleted: asset.deletedAt !== null,
      exif: exif.get(asset.id)?.[0] as FakeAsset['exif'],
      faces: (faces.get(asset.id) ?? []).map((face) => ({
        ...(face as unknown as FakeAsset['faces'][number]),
        person: personOf(face, asset.ownerId),
        isVisible: face.isVisible !== false,
        isDeleted: face.deletedAt !== null,
      })),
      edits: (edits.get(asset.id) ?? [])
        .toSorted((a, b) => Number(a.sequence) - Number(b.sequence))
        .map(({ action, parameters }) => ({ action, parameters }) as Edit),
      tagIds: (tagsOf.get(asset.id) ?? []).map((row) => String(row.tagId ?? row.tagsId)),
    })),
    albums: (await read('album')).filter(({ deletedAt }) => deletedAt === null).map((album) => {
      const own = members.filter((member) => (member.albumId ?? member.albumsId) === album.id);
      const userOf = (member: Row) => String(member.userId ?? member.usersId);
      const owner = own.find(({ role }) => role === 'owner');
      return {
        id: String(album.id),
        name: String(album.albumName),
        ownerId: String(album.ownerId ?? (owner && userOf(owner))),
        memberIds: own.filter(({ role }) => role !== 'owner').map(userOf),
        assetIds: albumAssets
          .filter((row) => (row.albumId ?? row.albumsId) === album.id)
          .map((row) => String(row.assetId ?? row.assetsId)),
      };
    }),
    tags: (await read('tag')).filter((tag) => tag.userId === userId).map(({ id, parentId, value }) => ({
      id: String(id),
      parentId: parentId === null ? null : String(parentId),
      value: String(value),
    })),
  };
}
