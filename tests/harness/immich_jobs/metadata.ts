import { exists, hasColumn, type ImmichHost } from './host.ts';
import { type FileTags, readXmp, writeXmp } from './xmp.ts';

/** What somebody changes in Immich. Dates are instants; `null` takes a rating away. */
export interface Edit {
  readonly description?: string;
  readonly dateTimeOriginal?: Date;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly rating?: number | null;
  readonly tags?: readonly string[];
}

/** What a sidecar is written from. */
interface Written {
  readonly originalPath: string;
  readonly sidecar: string | null;
  readonly locked: string[] | null;
  readonly description: string;
  readonly dateTimeOriginal: Date | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly rating: number | null;
  readonly tags: string[] | null;
}

/** The offset that the player of these jobs always is at. */
const OFFSET_HOURS = 2;

/**
 * PUT /assets/:id: the columns of asset_exif, and their names in lockedProperties, so that nothing overwrites them until the sidecar is written. The sidecar write
 * that follows is for the caller.
 *
 * From: AssetService.updateExif and AssetRepository.upsertExif with `append` (v2.7.5: services/asset.service.ts:513-543; v3.1.0: :507-537), and for tags
 * TagService.updateTags (v3.1.0: services/tag.service.ts:157-163). From 2.5 on; 3.2 and 3.3 are taken to be as 3.1 (single and bulk edits both write sidecars there).
 */
export async function editAsset(host: ImmichHost, id: string, edit: Edit): Promise<void> {
  const { sql } = host;
  const { description, dateTimeOriginal, latitude, longitude, rating, tags } = edit;
  const writes: Record<string, unknown> = {
    ...(description === undefined ? {} : { description }),
    ...(dateTimeOriginal === undefined ? {} : { dateTimeOriginal, timeZone: `UTC+${OFFSET_HOURS}` }),
    ...(latitude === undefined ? {} : { latitude }),
    ...(longitude === undefined ? {} : { longitude }),
    ...(rating === undefined ? {} : { rating }),
    ...(tags === undefined ? {} : { tags }),
  };
  const columns = Object.keys(writes);
  await sql`UPDATE asset_exif SET ${sql(writes as never, columns as never)} WHERE "assetId" = ${id}`;
  if (!await hasColumn(host, 'asset_exif', 'lockedProperties')) return;
  await sql`
    UPDATE asset_exif
    SET "lockedProperties" = nullif(array(SELECT DISTINCT unnest("lockedProperties" || ${columns}::varchar[])), '{}')
    WHERE "assetId" = ${id}`;
}

/**
 * SidecarWrite: what is locked is put into the sidecar, which keeps whatever else it says and becomes a new file; then it is locked no more. Returns whether
 * anything was written. Extraction follows in any case, and is for the caller. Without tags the sidecar has one that is empty, and so has `asset_exif.tags` then.
 *
 * From: MetadataService.handleSidecarWrite and JobService.onDone (v2.7.5: services/metadata.service.ts:437-488; v3.1.0: :489-540, services/job.service.ts:104-118).
 */
export async function writeSidecar(host: ImmichHost, id: string): Promise<boolean> {
  const { sql } = host;
  const [asset] = await sql<Written[]>`
    SELECT a."originalPath", e.*, e."lockedProperties" AS locked, ${sidecarOf(host)} AS sidecar
    FROM asset a
    JOIN asset_exif e ON e."assetId" = a.id
    WHERE a.id = ${id}`;
  const locked = asset?.locked ?? [];
  if (asset === undefined || locked.length === 0) return false;
  const isLocked = (name: string) => locked.includes(name);
  const path = asset.sidecar ?? `${asset.originalPath}.xmp`;
  const before = exists(host, path) ? readXmp(Deno.readTextFileSync(host.local(path))) : {};
  const written: FileTags = {
    ...before,
    ...(isLocked('description') ? { description: asset.description } : {}),
    ...(isLocked('dateTimeOriginal') && asset.dateTimeOriginal !== null
      ? { dateTimeOriginal: withOffset(asset.dateTimeOriginal) }
      : {}),
    ...(isLocked('latitude') && asset.latitude !== null ? { latitude: asset.latitude } : {}),
    ...(isLocked('longitude') && asset.longitude !== null ? { longitude: asset.longitude } : {}),
    ...(isLocked('rating') ? { rating: asset.rating ?? 0 } : {}),
    ...(isLocked('tags') ? { tags: asset.tags ?? [] } : {}),
  };
  replaceFile(host, path, writeXmp(written));
  if (asset.sidecar === null) {
    await sql`INSERT INTO asset_file ("assetId", type, path) VALUES (${id}, 'sidecar', ${path})`;
  }
  await sql`
    UPDATE asset_exif
    SET "lockedProperties" = nullif(
      array(SELECT DISTINCT property FROM unnest("lockedProperties") property WHERE NOT property = ANY (${locked}::varchar[])), '{}'
    )
    WHERE "assetId" = ${id}`;
  return true;
}

/**
 * AssetExtractMetadata without motion parts and faces: file and sidecar are read, the sidecar first, and everything is written that is not locked. Without any date
 * that of the file counts. Returns false, and does nothing, when the file is not there.
 *
 * From: MetadataService.handleMetadataExtraction and getExifTags (v2.7.5: services/metadata.service.ts:211-392, 548-600; v3.1.0: :234-414, :578-661), and the statements
 * of both servers: asset and asset_exif are written side by side, tags after them, and that it is done comes last. What only the file decides (camera, size, film) is left out. For 3.2 and
 * 3.3 it is taken to be as in 3.1.
 *
 * @param media what the file itself says
 * @param options `isPartly`: what finishExtraction does is still to come
 */
export async function extractMetadata(
  host: ImmichHost,
  id: string,
  media: FileTags,
  { isPartly = false }: { readonly isPartly?: boolean } = {},
): Promise<boolean> {
  const { sql } = host;
  const [asset] = await sql<{ originalPath: string; sidecar: string | null; fileCreatedAt: Date; locked: string[] }[]>`
    SELECT
      a."originalPath", ${sidecarOf(host)} AS sidecar, a."fileCreatedAt",
      coalesce((SELECT e."lockedProperties" FROM asset_exif e WHERE e."assetId" = a.id), '{}') AS locked
    FROM asset a
    WHERE a.id = ${id}`;
  if (asset === undefined || !exists(host, asset.originalPath)) return false;
  const { mtime, size } = Deno.statSync(host.local(asset.originalPath));
  const sidecar = asset.sidecar !== null && exists(host, asset.sidecar)
    ? readXmp(Deno.readTextFileSync(host.local(asset.sidecar)))
    : {};
  const tags: FileTags = { ...media, ...sidecar };
  const hours = zoneOf(tags);
  const taken = tags.dateTimeOriginal === undefined
    ? new Date(Math.min(asset.fileCreatedAt.getTime(), mtime?.getTime() ?? Infinity))
    : new Date(tags.dateTimeOriginal);
  const local = new Date(taken.getTime() + (hours ?? 0) * 3_600_000);
  const rating = tags.rating === undefined || tags.rating < 1 || tags.rating > 5 ? null : tags.rating;
  const exif: Record<string, unknown> = {
    description: tags.description ?? '',
    dateTimeOriginal: taken,
    timeZone: hours === undefined ? null : `UTC${hours < 0 ? '' : '+'}${hours}`,
    latitude: tags.latitude ?? null,
    longitude: tags.longitude ?? null,
    rating,
    tags: tags.tags === undefined || tags.tags.length === 0 ? null : tags.tags,
    city: cityAt(tags.latitude),
    state: null,
    country: null,
    fileSizeInByte: size,
    modifyDate: mtime,
  };
  const free = Object.keys(exif).filter((column) => !asset.locked.includes(column));
  await sql`
    UPDATE asset
    SET "localDateTime" = ${local}, "fileCreatedAt" = ${taken}, "fileModifiedAt" = ${mtime}
    WHERE id = ${id}`;
  await sql`INSERT INTO asset_exif ("assetId") VALUES (${id}) ON CONFLICT DO NOTHING`;
  await sql`UPDATE asset_exif SET ${sql(exif as never, free as never)} WHERE "assetId" = ${id}`;
  if (!isPartly) await finishExtraction(host, id);
  return true;
}

/** The end of an extraction: the tags that the metadata name by now, and that it is done. */
export async function finishExtraction(host: ImmichHost, id: string): Promise<void> {
  await applyTags(host, id);
  await host.sql`
    INSERT INTO asset_job_status ("assetId", "metadataExtractedAt") VALUES (${id}, now())
    ON CONFLICT ("assetId") DO UPDATE SET "metadataExtractedAt" = excluded."metadataExtractedAt"`;
}

/**
 * What extraction makes of asset_exif.tags: tags of the asset's owner, with all above them, and nothing else on the asset.
 *
 * From: MetadataService.applyTagList, utils/tag.ts upsertTags, TagRepository.upsertValue and replaceAssetTags (v3.1.0: repositories/tag.repository.ts:36-69, 148-163).
 */
async function applyTags(host: ImmichHost, assetId: string): Promise<void> {
  const { sql } = host;
  const [asset] = await sql<{ ownerId: string; tags: string[] | null }[]>`
    SELECT a."ownerId", e.tags FROM asset a JOIN asset_exif e ON e."assetId" = a.id WHERE a.id = ${assetId}`;
  const ids: string[] = [];
  for (const tag of new Set(asset?.tags ?? [])) {
    let parent: { id: string; value: string } | undefined;
    for (const part of tag.split('/').filter(Boolean)) {
      const value: string = parent === undefined ? part : `${parent.value}/${part}`;
      const [made] = await sql<{ id: string }[]>`
        INSERT INTO tag (id, "userId", value, "parentId")
        VALUES (${host.newId?.() ?? crypto.randomUUID()}, ${asset?.ownerId ?? ''}, ${value}, ${parent?.id ?? null})
        ON CONFLICT ("userId", value) DO UPDATE SET "parentId" = excluded."parentId"
        RETURNING id`;
      const id = made?.id ?? '';
      await sql`INSERT INTO tag_closure (id_ancestor, id_descendant) VALUES (${id}, ${id}) ON CONFLICT DO NOTHING`;
      await sql`
        INSERT INTO tag_closure (id_ancestor, id_descendant)
        SELECT id_ancestor, ${id} FROM tag_closure WHERE id_descendant = ${parent?.id ?? null}
        ON CONFLICT DO NOTHING`;
      parent = { id, value };
    }
    if (parent !== undefined) ids.push(parent.id);
  }
  await sql`DELETE FROM tag_asset WHERE "assetId" = ${assetId}`;
  await sql`
    INSERT INTO tag_asset ("assetId", "tagId") SELECT ${assetId}, id FROM unnest(${ids}::uuid[]) AS id ON CONFLICT DO NOTHING`;
}

/** The built-in geocoder of this Immich knows one city for each degree of latitude. */
export function cityAt(latitude: number | undefined): string | null {
  return latitude === undefined ? null : `city ${Math.floor(latitude)}`;
}

/** Hours ahead of UTC: a place comes before the offset of a date. The zones of this Immich are as wide as the sun says. */
function zoneOf({ latitude, longitude, dateTimeOriginal }: FileTags): number | undefined {
  if (latitude !== undefined && longitude !== undefined) return Math.round(longitude / 15);
  const hours = /([+-]\d\d):00$/.exec(dateTimeOriginal ?? '')?.[1];
  return hours === undefined ? undefined : Number(hours);
}

function sidecarOf({ sql }: ImmichHost) {
  return sql`(SELECT f.path FROM asset_file f WHERE f."assetId" = a.id AND f.type = 'sidecar')`;
}

function withOffset(date: Date): string {
  return new Date(date.getTime() + OFFSET_HOURS * 3_600_000).toISOString().replace(
    /\.000Z$|Z$/,
    `+0${OFFSET_HOURS}:00`,
  );
}

/** ExifTool writes beside it and renames: a new inode. */
function replaceFile(host: ImmichHost, immichPath: string, content: string): void {
  const path = host.local(immichPath);
  Deno.writeTextFileSync(`${path}_exiftool_tmp`, content);
  Deno.renameSync(`${path}_exiftool_tmp`, path);
}
