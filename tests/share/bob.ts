import { editAsset, extractMetadata, writeSidecar } from '../harness/immich_jobs/metadata.ts';
import { writeFile } from '../harness/immich_jobs/host.ts';
import { InImmich } from './deeds_in_immich.ts';
import type { World } from './world.ts';

/** What a receiver has done to one photo. */
export interface Deeds {
  readonly isFavorite: boolean;
  readonly visibility: string;
  readonly description: string;
  readonly rating: number | null;
  readonly takenAt: string | null;
  /** Names, the album of which it is the cover with a star. */
  readonly albums: readonly string[];
  readonly tags: readonly string[];
  /** Sources of the mirrors in it, its primary asset first. */
  readonly stack: readonly string[];
  readonly edits: readonly unknown[];
  readonly size: readonly (number | null)[];
  readonly memories: number;
  readonly links: number;
}

/** Somebody who receives photos and does with them what can be done in Immich. */
export class Bob {
  readonly inImmich: InImmich;
  readonly id: string;

  constructor(readonly world: World) {
    this.inImmich = new InImmich(world);
    this.id = world.library.users.bob.id;
  }

  get hasEdits(): boolean {
    return this.world.db.release >= 'v2.5';
  }

  /** Plain pictures of one job that Bob has mirrors of. */
  async photos(): Promise<string[]> {
    const rows = await this.world.sql<{ id: string }[]>`
      SELECT a.id
      FROM asset a
      JOIN immich_sidecar.asset_map m ON m.source_asset_id = a.id AND m.job_name = 'family to bob'
      JOIN asset_exif e ON e."assetId" = a.id
      WHERE a.type = 'IMAGE'
        AND a.visibility = 'timeline'
        AND a."livePhotoVideoId" IS NULL
        AND a."stackId" IS NULL
        ${this.hasEdits ? this.world.sql`AND NOT a."isEdited"` : this.world.sql``}
      ORDER BY a.id`;
    return rows.map(({ id }) => id);
  }

  /** Everything that there is to do, to mirrors of four photos; all photos are in one of his albums. */
  async isBusy([one, two, three, four]: readonly string[], all: readonly string[]): Promise<void> {
    const { world, inImmich } = this;
    const { sql } = world;
    const [a, b, c, d] = await Promise.all(
      [one, two, three, four].map((id) => world.mirrorOfId(id ?? '')),
    ) as [string, string, string, string];
    await sql`UPDATE asset SET "isFavorite" = true WHERE id = ANY (${[a, c]}::uuid[])`;
    await this.says(a, {
      description: 'his words',
      rating: 4,
      dateTimeOriginal: new Date('2001-02-03T04:05:06Z'),
      ...this.hasEdits ? { tags: ['mine', 'mine/best'] } : {},
    });
    await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${b}`;
    const album = await inImmich.makeAlbum('bob', 'The best', await Promise.all(all.map((id) => world.mirrorOfId(id))));
    await sql`UPDATE album SET "albumThumbnailAssetId" = ${a} WHERE id = ${album}`;
    await inImmich.takeOut(world.library.albums.fromAlice.id, [d]);
    await sql`UPDATE album SET "albumThumbnailAssetId" = ${b} WHERE id = ${world.library.albums.fromAlice.id}`;
    if (!this.hasEdits) await inImmich.tag(await inImmich.makeTag('bob', 'by hand'), b);
    const [stack] = await sql<{ id: string }[]>`
      INSERT INTO stack ("primaryAssetId", "ownerId") VALUES (${c}, ${this.id}) RETURNING id`;
    await sql`UPDATE asset SET "stackId" = ${stack?.id ?? ''} WHERE id = ANY (${[b, c]}::uuid[])`;
    const { asset } = inImmich.keys;
    const [memory] = await sql<{ id: string }[]>`
      INSERT INTO memory ("ownerId", type, data, "memoryAt", "showAt", "hideAt")
      VALUES (${this.id}, 'on_this_day', '{"year": 2001}', now(), now(), now()) RETURNING id`;
    await sql`INSERT INTO memory_asset ("memoriesId", ${sql(asset)}) VALUES (${memory?.id ?? ''}, ${c})`;
    const [link] = await sql<{ id: string }[]>`
      INSERT INTO shared_link ("userId", key, type)
      VALUES (${this.id}, decode(md5(random()::text), 'hex'), 'INDIVIDUAL') RETURNING id`;
    const toLink = world.db.release < 'v2.4' ? 'sharedLinksId' : 'sharedLinkId';
    await sql`INSERT INTO shared_link_asset (${sql(toLink)}, ${sql(asset)}) VALUES (${link?.id ?? ''}, ${c})`;
    if (this.hasEdits) await this.crops(d);
  }

  /** A moment later Immich has written it into the sidecar of the mirror and read that again, from 2.5 on. */
  async says(mirror: string, edit: Parameters<typeof editAsset>[2]): Promise<void> {
    await editAsset(this.world, mirror, edit);
    if (!this.hasEdits) return;
    await writeSidecar(this.world, mirror);
    await extractMetadata(this.world, mirror, {});
  }

  async crops(mirror: string): Promise<void> {
    const { sql } = this.world;
    await sql`
      INSERT INTO asset_edit ("assetId", action, parameters, sequence)
      VALUES (${mirror}, 'crop', '{"x": 1, "y": 2, "width": 90, "height": 80}', 0)`;
    await sql`UPDATE asset SET width = 90, height = 80, thumbhash = '\\x0a0b' WHERE id = ${mirror}`;
    for (const type of ['preview', 'thumbnail', 'fullsize']) {
      const path = `/data/thumbs/${this.id}/${mirror.slice(0, 2)}/${mirror.slice(2, 4)}/${mirror}_${type}_edited.jpeg`;
      writeFile(this.world, path, 'a part of the picture');
      await sql`INSERT INTO asset_file ("assetId", type, path, "isEdited") VALUES (${mirror}, ${type}, ${path}, true)`;
    }
  }

  /** By source. */
  async account(sources: readonly string[]): Promise<Record<string, Deeds>> {
    const { world, inImmich } = this;
    const { sql } = world;
    const { album, asset, tag } = inImmich.keys;
    const edits = this.hasEdits
      ? sql`ARRAY(
          SELECT jsonb_build_array(edit.action, edit.parameters, a."isEdited")
          FROM asset_edit edit WHERE edit."assetId" = a.id ORDER BY edit.sequence
        )`
      : sql`'{}'::jsonb[]`;
    const rows = await sql<(Deeds & { source: string })[]>`
      SELECT
        m.source_asset_id AS source,
        a."isFavorite",
        a.visibility::text AS visibility,
        e.description,
        e.rating,
        e."dateTimeOriginal"::text AS "takenAt",
        ARRAY(
          SELECT al."albumName" || CASE WHEN al."albumThumbnailAssetId" = a.id THEN '*' ELSE '' END
          FROM album_asset aa JOIN album al ON al.id = aa.${sql(album)} WHERE aa.${sql(asset)} = a.id ORDER BY 1
        ) AS albums,
        ARRAY(
          SELECT t.value::text FROM tag_asset ta JOIN tag t ON t.id = ta.${sql(tag)} WHERE ta.${
      sql(asset)
    } = a.id ORDER BY 1
        ) AS tags,
        ARRAY(
          SELECT other.source_asset_id::text
          FROM asset member
          JOIN stack s ON s.id = member."stackId"
          JOIN immich_sidecar.asset_map other ON other.mirror_asset_id = member.id
          WHERE member."stackId" = a."stackId"
          ORDER BY s."primaryAssetId" = member.id DESC, 1
        ) AS stack,
        ${edits} AS edits,
        ${this.hasEdits ? sql`ARRAY[a.width, a.height]` : sql`'{}'::int[]`} AS size,
        (SELECT count(*)::int FROM memory_asset x WHERE x.${sql(asset)} = a.id) AS memories,
        (SELECT count(*)::int FROM shared_link_asset x WHERE x.${sql(asset)} = a.id) AS links
      FROM immich_sidecar.asset_map m
      JOIN asset a ON a.id = m.mirror_asset_id
      LEFT JOIN asset_exif e ON e."assetId" = a.id
      WHERE m.source_asset_id = ANY (${sources as string[]}::uuid[])
        AND m.target_user_id = ${this.id}
      ORDER BY 1`;
    return Object.fromEntries(rows.map(({ source, ...deeds }) => [source, deeds]));
  }
}
