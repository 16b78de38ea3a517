import { existsSync, readFileSync } from 'node:fs';
import type { PathMap } from '../../files/path_map.ts';
import type { Sql } from '../../postgres/connect.ts';
import { columnsOf, type Damage, findings } from './finding.ts';

/** Checks who is on the mirrored faces, and that nobody is there without one. */
export async function checkPeople(sql: Sql, paths: PathMap): Promise<Damage[]> {
  const isGrouped = (await columnsOf(sql, 'person')).has('personGroupId');
  const person = sql(isGrouped ? 'personGroupId' : 'id');
  const face = sql(isGrouped ? 'personGroupId' : 'personId');
  const others = [
    'id',
    'personGroupId',
    'ownerId',
    'thumbnailPath',
    'faceAssetId',
    'isFavorite',
    'createdAt',
    'updatedAt',
    'updateId',
  ];

  const strangers = await sql<{ id: string; detail: string }[]>`
    SELECT fm.mirror_face_id AS id, coalesce(source.name, 'nobody') || ' <> ' || coalesce(mirror.name, 'nobody') AS detail
    FROM immich_sidecar.face_map fm
    JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = fm.mirror_asset_id
    JOIN asset_face sf ON sf.id = fm.source_face_id
    JOIN asset_face mf ON mf.id = fm.mirror_face_id
    LEFT JOIN person source ON source.${person} = sf.${face} AND source."ownerId" = m.source_user_id
    LEFT JOIN person mirror ON mirror.${person} = mf.${face} AND mirror."ownerId" = m.target_user_id
    LEFT JOIN immich_sidecar.person_map pm ON pm.mirror_person_id = mirror.${person} AND pm.target_user_id = m.target_user_id
    WHERE sf."deletedAt" IS NULL -- one that nobody sees waits for its person until it is seen
      AND ((source.${person} IS NULL) <> (mirror.${person} IS NULL) OR (
        -- of somebody whom the owner of the photo has from another one, they see what comes later, and who gets the photo does not
        coalesce(pm.is_ours AND pm.origin_owner_id = m.source_user_id, false)
        AND to_jsonb(source) - ${others}::text[] IS DISTINCT FROM to_jsonb(mirror) - ${others}::text[]
        -- somebody whom the target's owner has merged into this person is that person
        AND NOT EXISTS (
          SELECT 1
          FROM immich_sidecar.person_map merged
          WHERE merged.target_user_id = m.target_user_id
            AND merged.mirror_person_id = mirror.${person}
            AND merged.origin_person_id = source.${person}
            AND NOT merged.is_ours
        )
      ))`;
  const lonely = await sql<{ id: string; detail: string }[]>`
    SELECT p.${person} AS id, p.name AS detail
    FROM immich_sidecar.person_map pm
    JOIN person p ON p.${person} = pm.mirror_person_id AND p."ownerId" = pm.target_user_id
    WHERE pm.is_ours
      AND NOT EXISTS (
        SELECT 1
        FROM asset_face f
        JOIN asset a ON a.id = f."assetId" AND a."ownerId" = p."ownerId"
        WHERE f.${face} = p.${person} AND f."deletedAt" IS NULL
      )`;
  const covers = await sql<{ id: string; detail: string }[]>`
    SELECT p.${person} AS id, p.name AS detail
    FROM immich_sidecar.person_map pm
    JOIN person p ON p.${person} = pm.mirror_person_id AND p."ownerId" = pm.target_user_id
    LEFT JOIN asset_face f ON f.id = p."faceAssetId"
    LEFT JOIN asset a ON a.id = f."assetId"
    WHERE pm.is_ours
      AND (a.id IS NULL OR a."ownerId" <> p."ownerId")`;
  const apart = await sql<{ id: string; detail: string; path: string; originPath: string }[]>`
    SELECT
      p.${person} AS id, p.name AS detail, p."thumbnailPath" AS path, origin."thumbnailPath" AS "originPath"
    FROM immich_sidecar.person_map pm
    JOIN person p ON p.${person} = pm.mirror_person_id AND p."ownerId" = pm.target_user_id
    JOIN person origin ON origin.${person} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
    LEFT JOIN asset_face cover ON cover.id = origin."faceAssetId"
    WHERE pm.is_ours
      AND p."thumbnailPath" <> ''
      AND NOT EXISTS (
        SELECT 1
        FROM immich_sidecar.asset_map m
        WHERE m.source_asset_id = cover."assetId" AND m.target_user_id = pm.target_user_id
      )`;
  const textOf = (path: string) => {
    const local = paths.toLocal(path);
    return local === undefined || !existsSync(local) ? undefined : readFileSync(local, 'latin1');
  };
  // One that was cut out of a photo that is shared is another picture.
  const foreign = apart.filter(({ path, originPath }) => [undefined, textOf(originPath)].includes(textOf(path)));
  return [
    ...findings('asset_face', 'shows another person than its source', strangers),
    ...findings('person', 'has no shared face', lonely),
    ...findings('person', 'has no cover in the account', covers),
    ...findings('person', 'has a thumbnail of a photo that is not shared', foreign),
  ];
}
