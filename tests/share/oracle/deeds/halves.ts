import { finishExtraction } from '../../../harness/immich_jobs/metadata.ts';
import { nameTags, tagsOf } from './choice.ts';
import { extract, hasPictures } from './photos.ts';
import { type Asset, type Deeds, type Scene, untraced } from './scene.ts';

/**
 * What Immich does to tags in several steps, so that a cycle may come in between: the rows of all photos first, then the metadata of each; and in an extraction the other way round. Rows of
 * tags leave no trace.
 *
 * From: TagService.bulkTagAssets and removeAssets (v2.7.5: services/tag.service.ts:79-161; v3.1.0: :79-165), MetadataService.handleMetadataExtraction and
 * applyTagList (v2.7.5: services/metadata.service.ts:333-355, 593-603; v3.1.0: :387-389, 663-673). For 3.2 and 3.3 they are taken to be as in 3.1.
 */
export const HALF_DEEDS: Deeds = {
  tagSeveral: untraced(async (scene) => {
    const { owner, mirrors } = await someMirrors(scene);
    const tag = scene.one(await tagsOf(scene, scene.home.users[owner].id));
    if (tag === undefined || mirrors.length === 0) return;
    await scene.sql`
      INSERT INTO tag_asset ("tagId", "assetId")
      SELECT t.id, a.id
      FROM tag t
      CROSS JOIN unnest(${mirrors.map(({ id }) => id)}::uuid[]) AS a (id)
      WHERE t."userId" = ${scene.home.users[owner].id} AND t.value = ${tag}
      ON CONFLICT DO NOTHING`;
    return `${owner} tags ${await nameSome(scene, mirrors)} ${tag}`;
  }),
  untagSeveral: untraced(async (scene) => {
    const { owner, mirrors } = await someMirrors(
      scene,
      scene.sql`EXISTS (SELECT FROM tag_asset ta WHERE ta."assetId" = a.id)`,
    );
    const tags = await scene.sql<{ id: string; value: string }[]>`
      SELECT DISTINCT t.id, t.value
      FROM tag t
      JOIN tag_asset ta ON ta."tagId" = t.id
      WHERE ta."assetId" = ANY (${mirrors.map(({ id }) => id)}::uuid[])
      ORDER BY t.value`;
    const tag = scene.one(tags);
    if (tag === undefined) return;
    await scene.sql`
      DELETE FROM tag_asset
      WHERE "tagId" = ${tag.id} AND "assetId" = ANY (${mirrors.map(({ id }) => id)}::uuid[])`;
    return `${owner} takes the tag ${tag.value} from ${await nameSome(scene, mirrors)}`;
  }),
  finishTagging: untraced(async (scene) => {
    const mirror = await scene.mirror(isToldOtherwise(scene));
    if (mirror === undefined) return;
    await nameTags(scene, mirror.id);
    return `the metadata of ${scene.call(mirror)} name the tags that it has`;
  }),
  extractPartly: untraced(async (scene) => {
    const asset = await scene.any(hasPictures(scene));
    if (asset === undefined || !await extract(scene, asset, { isPartly: true })) return;
    return `Immich extracts ${scene.call(asset)}, not its tags yet`;
  }),
  finishExtraction: untraced(async (scene) => {
    const asset = await scene.any(scene.sql`${isToldOtherwise(scene)} AND ${hasPictures(scene)}`);
    if (asset === undefined) return;
    await finishExtraction(scene.home, asset.id);
    return `Immich gives ${scene.call(asset)} the tags that its metadata name`;
  }),
};

/** Up to three mirrors of one user. */
async function someMirrors(scene: Scene, where = hasPictures(scene)) {
  const owner = scene.name();
  const all = (await scene.assets(where)).filter(({ isMirror, ownerId }) =>
    isMirror && ownerId === scene.home.users[owner].id
  );
  const chosen = [1, 2, 3].flatMap(() => scene.one(all) ?? []);
  return { owner, mirrors: all.filter((mirror) => chosen.includes(mirror)) };
}

/** The metadata of the first few of these are told. Returns them in words. */
async function nameSome(scene: Scene, mirrors: readonly Asset[]): Promise<string> {
  const told = mirrors.slice(0, scene.number(mirrors.length + 1));
  for (const { id } of told) await nameTags(scene, id);
  return `${mirrors.map((mirror) => scene.call(mirror)).join(', ')} (the metadata of ${told.length} tell of it)`;
}

/** Whether the metadata of the asset `a` name other tags than it has. */
function isToldOtherwise({ sql }: Scene) {
  return sql`(
    SELECT array(SELECT DISTINCT said::text COLLATE "C" FROM unnest(e.tags) AS said ORDER BY 1)
    FROM asset_exif e
    WHERE e."assetId" = a.id
  ) <> array(
    SELECT t.value::text COLLATE "C"
    FROM tag_asset ta
    JOIN tag t ON t.id = ta."tagId"
    WHERE ta."assetId" = a.id
    ORDER BY 1
  )`;
}
