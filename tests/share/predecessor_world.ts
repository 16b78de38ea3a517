import type { JobConfig } from '../../src/config/config.ts';
import { connect, type Connection } from '../../src/postgres/connect.ts';
import { grantRights } from '../harness/role.ts';
import type { World } from './world.ts';

/**
 * How somebody has set that program up. `parent`: the symbolic links lie in directories that are the import paths. `readme`: the import
 * path is the link itself, as its README says. `wizard`: the links lie in the external directory, which is the import path, as its
 * setup.py makes it from "target_user_shared".
 */
export type Layout = 'parent' | 'readme' | 'wizard';

/** A job of immich-shared-library. */
interface TheirJob {
  readonly name: string;
  readonly libraryId: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Shares Alice's pictures with Bob as immich-shared-library does (read in its sources at 3e48451, and in the description of its
 * later version for Immich 3.2): one asset after the other, the columns that it names, its symbolic links, its hard links in folders
 * named after the *source*, checksums and live photos as it leaves them. Sets the world's jobs to what its configuration means.
 */
export class PredecessorWorld {
  readonly #columns = new Map<string, Set<string>>();
  readonly #target: string;
  readonly #source: string;

  private constructor(readonly world: World, readonly sql: Connection) {
    this.#target = world.library.users.bob.id;
    this.#source = world.library.users.alice.id;
  }

  /** `jobs`: as its config.yaml would list them. */
  static async share(world: World, layout: Layout = 'parent'): Promise<void> {
    await PredecessorWorld.prepare(world, layout);
    const sql = await connect({ ...world.db.superuser, maxConnections: 1 });
    try {
      const theirs = new PredecessorWorld(world, sql);
      await theirs.#makeTables();
      for (const job of jobsOfTheirs(world, layout)) await theirs.#syncJob(job);
    } finally {
      await sql.end({ timeout: 5 });
    }
  }

  /** What its setup does: symbolic links, libraries, exclusion patterns. */
  static async prepare(world: World, layout: Layout = 'parent'): Promise<void> {
    const external = `${world.directory}/external`;
    if (layout === 'parent') Deno.symlinkSync('../alice/family', `${external}/bob_shared/photos`);
    else {
      Deno.removeSync(`${external}/bob_shared`, { recursive: true });
      Deno.symlinkSync('alice/family', `${external}/bob_shared`);
    }
    Deno.mkdirSync(`${external}/bob_uploads`, { recursive: true });
    Deno.symlinkSync(
      `${world.directory}/media/upload/${world.library.users.alice.id}`,
      `${external}/bob_uploads/alice`,
    );
    const { bobShared, bobUploads } = world.library.libraries;
    const importPaths = {
      parent: ['/external_library/bob_shared', '/external_library/bob_uploads'],
      readme: ['/external_library/bob_shared/', '/external_library/bob_uploads/'],
      wizard: ['/external_library', '/external_library/bob_uploads'],
    }[layout];
    for (const [index, id] of [bobShared.id, bobUploads.id].entries()) {
      await world.sql`UPDATE library SET "importPaths" = ${importPaths.slice(index, index + 1)} WHERE id = ${id}`;
    }
    await world.sql`
      UPDATE library
      SET "exclusionPatterns" = '{**/*}'
      WHERE id IN (${bobShared.id}, ${bobUploads.id})`;
    const [external_, uploads] = world.config.jobs;
    if (external_ === undefined || uploads === undefined) throw new Error('the world has two jobs');
    const [first, second] = jobsOfTheirs(world, layout);
    const asTheirs = (job: JobConfig, theirs: TheirJob | undefined): JobConfig => ({
      ...job,
      kind: 'auto',
      name: theirs?.name ?? '',
      sourcePathPrefix: theirs?.from,
      targetPathPrefix: theirs?.to ?? '',
      placement: 'auto',
    });
    world.setJobs([asTheirs(external_, first), asTheirs(uploads, second)]);
  }

  get #hasGroups(): boolean {
    return this.world.db.release >= 'v3.2';
  }

  async #makeTables(): Promise<void> {
    const { sql } = this;
    await sql`CREATE TABLE _face_sync_meta (key text PRIMARY KEY, value text NOT NULL)`;
    await sql`
      CREATE TABLE _face_sync_asset_map (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        source_asset_id uuid NOT NULL,
        target_asset_id uuid NOT NULL UNIQUE,
        source_user_id uuid NOT NULL,
        target_user_id uuid NOT NULL,
        synced_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (source_asset_id, target_user_id)
      )`;
    if (!this.#hasGroups) {
      await sql`
        CREATE TABLE _face_sync_person_map (
          id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
          source_person_id uuid NOT NULL,
          target_person_id uuid NOT NULL,
          source_user_id uuid NOT NULL,
          target_user_id uuid NOT NULL,
          UNIQUE (source_person_id, target_user_id)
        )`;
    }
    await sql`
      CREATE TABLE _face_sync_skipped (
        source_asset_id uuid NOT NULL,
        target_user_id uuid NOT NULL,
        reason text NOT NULL,
        skipped_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (source_asset_id, target_user_id)
      )`;
    await grantRights(sql);
    await sql`INSERT INTO _face_sync_meta VALUES ('schema_version', ${this.#hasGroups ? '4' : '2'})`;
  }

  async #syncJob(job: TheirJob): Promise<void> {
    const { sql, world } = this;
    const pending = world.library.assets.filter(({ expected }) => expected === 'pending').map(({ id }) => id);
    const sources = await sql<{ id: string; originalPath: string }[]>`
      SELECT a.id, a."originalPath"
      FROM asset a
      JOIN asset_job_status status ON status."assetId" = a.id
      JOIN smart_search search ON search."assetId" = a.id
      WHERE a."ownerId" = ${this.#source}
        AND starts_with(a."originalPath", ${job.from})
        AND a."deletedAt" IS NULL
        AND a.id <> ALL (${pending}::uuid[])
        AND status."metadataExtractedAt" IS NOT NULL
        AND status."facesRecognizedAt" IS NOT NULL
      ORDER BY a.id`;
    for (const source of sources) {
      if (await this.#isDuplicate(source.id)) {
        await sql`
          INSERT INTO _face_sync_skipped (source_asset_id, target_user_id, reason)
          VALUES (${source.id}, ${this.#target}, 'duplicate_filename')`;
        continue;
      }
      await this.#syncAsset(source.id, job.to + source.originalPath.slice(job.from.length), job);
    }
  }

  async #isDuplicate(sourceId: string): Promise<boolean> {
    const rows = await this.sql`
      SELECT
      FROM asset s
      JOIN asset_exif se ON se."assetId" = s.id
      JOIN asset t
        ON t."ownerId" = ${this.#target}
        AND t."libraryId" IS NULL
        AND regexp_replace(t."originalFileName", '\\.[^.]+$', '') = regexp_replace(s."originalFileName", '\\.[^.]+$', '')
      JOIN asset_exif te ON te."assetId" = t.id AND te."dateTimeOriginal" = se."dateTimeOriginal"
      WHERE s.id = ${sourceId}`;
    return rows.length > 0;
  }

  async #syncAsset(sourceId: string, path: string, job: TheirJob): Promise<void> {
    const { sql } = this;
    const id = crypto.randomUUID();
    const of = (column: string) => ({ where: column, is: sourceId });
    await this.#copy('asset', of('id'), ASSET, {
      id,
      ownerId: this.#target,
      originalPath: path,
      isFavorite: false,
      livePhotoVideoId: null,
      libraryId: job.libraryId,
      isExternal: true,
      stackId: null,
      duplicateId: null,
    });
    await this.#copy('asset_exif', of('assetId'), EXIF, { assetId: id });
    await this.#linkFiles(sourceId, id);
    await sql`
      INSERT INTO asset_job_status
        ("assetId", "facesRecognizedAt", "metadataExtractedAt", "duplicatesDetectedAt", "ocrAt")
      SELECT ${id}, now(), now(), now(), "ocrAt" FROM asset_job_status WHERE "assetId" = ${sourceId}`;
    for (const [table, columns] of Object.entries(BELOW)) {
      await this.#copy(table, of('assetId'), columns, { assetId: id });
    }
    await sql`
      INSERT INTO _face_sync_asset_map (source_asset_id, target_asset_id, source_user_id, target_user_id)
      VALUES (${sourceId}, ${id}, ${this.#source}, ${this.#target})`;
    await this.#syncFaces(sourceId, id);
    await this.#fillAlbum(id);
  }

  /** Only the user and the id in the file's name are replaced; the two folders in between stay those of the source. */
  async #linkFiles(sourceId: string, id: string): Promise<void> {
    const files = await this.sql<{ path: string; type: string }[]>`
      SELECT * FROM asset_file WHERE "assetId" = ${sourceId}`;
    for (const file of files) {
      if (!file.path.startsWith('/data/')) continue; // outside of its upload directory
      const path = file.path.replace(this.#source, this.#target).replace(sourceId, id);
      this.#link(file.path, path);
      await this.#copy('asset_file', { where: 'path', is: file.path }, ['type', 'isEdited', 'isProgressive'], {
        id: crypto.randomUUID(),
        assetId: id,
        path,
      });
    }
  }

  async #syncFaces(sourceId: string, id: string): Promise<void> {
    const { sql } = this;
    const { faceKey, personKey } = this.world.people;
    const faces = await sql<{ id: string; person: string | null }[]>`
      SELECT id, ${sql(faceKey)} AS person FROM asset_face WHERE "assetId" = ${sourceId} AND "deletedAt" IS NULL`;
    for (const face of faces) {
      const person = face.person === null ? null : await this.#personFor(face.person);
      const faceId = crypto.randomUUID();
      await this.#copy('asset_face', { where: 'id', is: face.id }, FACE, {
        id: faceId,
        assetId: id,
        [faceKey]: person,
        ...this.#hasGroups ? { sourceType: 'manual' } : {},
      });
      if (!this.#hasGroups) {
        await sql`
          INSERT INTO face_search ("faceId", embedding)
          SELECT ${faceId}, embedding FROM face_search WHERE "faceId" = ${face.id}`;
      }
      await sql`
        UPDATE person SET "faceAssetId" = ${faceId}
        WHERE ${sql(personKey)} = ${person} AND "ownerId" = ${this.#target} AND "faceAssetId" IS NULL`;
    }
  }

  async #personFor(sourcePerson: string): Promise<string> {
    const { sql } = this;
    const { personKey } = this.world.people;
    const [known] = this.#hasGroups
      ? await sql<{ id: string }[]>`
        SELECT "personGroupId" AS id FROM person
        WHERE "ownerId" = ${this.#target} AND "personGroupId" = ${sourcePerson}`
      : await sql<{ id: string }[]>`
        SELECT target_person_id AS id FROM _face_sync_person_map
        WHERE source_person_id = ${sourcePerson} AND target_user_id = ${this.#target}`;
    if (known !== undefined) return known.id;
    const id = this.#hasGroups ? sourcePerson : crypto.randomUUID();
    const [source] = await sql<{ thumbnailPath: string }[]>`
      SELECT "thumbnailPath" FROM person WHERE ${sql(personKey)} = ${sourcePerson} AND "ownerId" = ${this.#source}`;
    const thumbnail = source?.thumbnailPath ?? '';
    const path = thumbnail === '' ? '' : `/data/thumbs/${this.#target}/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}.jpeg`;
    if (path !== '') this.#link(thumbnail, path);
    const { sql: tx } = this;
    const columns = ['name', 'isHidden', 'birthDate', 'color'];
    await this.#copy('person', { where: personKey, is: sourcePerson, owner: this.#source }, columns, {
      [personKey]: id,
      ownerId: this.#target,
      thumbnailPath: path,
      isFavorite: false,
    });
    if (!this.#hasGroups) {
      await tx`
        INSERT INTO _face_sync_person_map (source_person_id, target_person_id, source_user_id, target_user_id)
        VALUES (${sourcePerson}, ${id}, ${this.#source}, ${this.#target})`;
    }
    return id;
  }

  async #fillAlbum(id: string): Promise<void> {
    const albumId = this.world.config.jobs[0]?.albumId;
    if (albumId === undefined) return;
    const columns = await this.#columnsOf('album_asset');
    const [album, asset] = columns.has('albumId') ? ['albumId', 'assetId'] : ['albumsId', 'assetsId'];
    await this.sql`
      INSERT INTO album_asset (${this.sql(album)}, ${
      this.sql(asset)
    }) VALUES (${albumId}, ${id}) ON CONFLICT DO NOTHING`;
  }

  #link(from: string, to: string): void {
    const [source, target] = [this.world.local(from), this.world.local(to)];
    Deno.mkdirSync(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    Deno.linkSync(source, target);
  }

  /** Copies rows: `columns` as they are, as far as this release has them, and `values` instead. */
  async #copy(
    table: string,
    rows: { readonly where: string; readonly is: string; readonly owner?: string },
    columns: readonly string[],
    values: Readonly<Record<string, string | boolean | null>>,
  ): Promise<void> {
    const { sql } = this;
    const present = await this.#columnsOf(table);
    if (present.size === 0) return;
    const copied = columns.filter((column) => present.has(column) && !(column in values));
    const set = Object.keys(values).filter((column) => present.has(column));
    const literal = (value: string | boolean | null | undefined) =>
      value === null || value === undefined
        ? 'NULL'
        : typeof value === 'boolean'
        ? String(value)
        : `'${value.replaceAll("'", "''")}'`;
    const names = [...copied, ...set].map((column) => `"${column}"`).join(', ');
    const selected = [...copied.map((column) => `t."${column}"`), ...set.map((column) => literal(values[column]))];
    await sql.unsafe(
      `INSERT INTO "${table}" (${names}) SELECT ${selected.join(', ')} FROM "${table}" t WHERE t."${rows.where}" = $1` +
        (rows.owner === undefined ? '' : ` AND t."ownerId" = '${rows.owner}'`),
      [rows.is],
    );
  }

  async #columnsOf(table: string): Promise<Set<string>> {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const rows = await this.sql<{ name: string }[]>`
      SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = ${table}`;
    const columns = new Set(rows.map(({ name }) => name));
    this.#columns.set(table, columns);
    return columns;
  }
}

function jobsOfTheirs({ library }: World, layout: Layout): readonly [TheirJob, TheirJob] {
  return [
    {
      name: 'alice-external-to-bob',
      libraryId: library.libraries.bobShared.id,
      from: '/external_library/alice/family/',
      to: layout === 'parent' ? '/external_library/bob_shared/photos/' : '/external_library/bob_shared/',
    },
    {
      name: 'alice-uploads-to-bob',
      libraryId: library.libraries.bobUploads.id,
      from: `/data/upload/${library.users.alice.id}/`,
      to: '/external_library/bob_uploads/alice/',
    },
  ];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const ASSET = words(`type fileCreatedAt fileModifiedAt duration checksum checksumAlgorithm originalFileName thumbhash
  isOffline localDateTime status visibility width height deviceAssetId deviceId`);

const EXIF = words(`make model exifImageWidth exifImageHeight fileSizeInByte orientation dateTimeOriginal modifyDate
  lensModel fNumber focalLength iso latitude longitude city state country description fps exposureTime livePhotoCID timeZone
  projectionType profileDescription colorspace bitsPerSample autoStackId rating tags lockedProperties`);

const FACE = words(
  `imageWidth imageHeight boundingBoxX1 boundingBoxY1 boundingBoxX2 boundingBoxY2 sourceType isVisible`,
);

const BELOW: Readonly<Record<string, readonly string[]>> = {
  smart_search: ['embedding'],
  asset_ocr: words('x1 y1 x2 y2 x3 y3 x4 y4 boxScore textScore text isVisible'),
  ocr_search: ['text'],
  asset_video: words(
    `bitrate frameCount timeBase index profile level colorPrimaries colorTransfer colorMatrix dvProfile dvLevel
    dvBlSignalCompatibilityId codecName formatName formatLongName pixelFormat`,
  ),
  asset_audio: words('bitrate index profile codecName'),
  asset_keyframe: words('pts accDuration ownDuration totalDuration packetCount outputFrames'),
  asset_edit: words('action parameters sequence'),
};
