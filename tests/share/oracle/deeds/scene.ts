import type { Fragment } from '../../../../src/postgres/connect.ts';
import { type Household, type Name, NAMES } from '../household.ts';
import type { Typed } from '../typed.ts';

/** A photo or a mirror of one. */
export interface Asset {
  readonly id: string;
  readonly ownerId: string;
  readonly libraryId: string | null;
  readonly originalPath: string;
  readonly originalFileName: string;
  readonly type: 'IMAGE' | 'VIDEO';
  readonly visibility: string;
  readonly stackId: string | null;
  readonly livePhotoVideoId: string | null;
  readonly isMirror: boolean;
}

export interface Face {
  readonly id: string;
  readonly assetId: string;
  readonly ownerId: string;
  readonly person: string | null;
  readonly isMirror: boolean;
}

export interface Person {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  /** There through sharing. */
  readonly isMirror: boolean;
}

/** What a deed is done with: the household, and a few numbers by which it chooses. */
export class Scene {
  #used = 0;

  constructor(
    readonly home: Household,
    /** Who takes part. */
    readonly names: readonly Name[],
    readonly picks: readonly number[],
  ) {}

  get sql() {
    return this.home.sql;
  }

  /** A whole number below `limit`. */
  number(limit: number): number {
    const pick = this.picks[this.#used++ % this.picks.length] ?? 0;
    return limit === 0 ? 0 : pick % limit;
  }

  chance(outOf: number): boolean {
    return this.number(outOf) === 0;
  }

  one<T>(items: readonly T[]): T | undefined {
    return items[this.number(items.length)];
  }

  name(): Name {
    return this.one(this.names) ?? 'alice';
  }

  nameOf(ownerId: string): string {
    return NAMES.find((name) => this.home.users[name].id === ownerId) ?? ownerId;
  }

  /** In words. */
  call(asset: Asset | undefined): string {
    if (asset === undefined) return 'nothing';
    return asset.isMirror
      ? `${this.nameOf(asset.ownerId)}'s mirror of ${asset.originalFileName}`
      : asset.originalFileName;
  }

  /** Everybody's photos and mirrors, in an order that is the same in every replay. */
  async assets(where?: Fragment): Promise<Asset[]> {
    return await this.sql<Asset[]>`
      SELECT
        a.id, a."ownerId", a."libraryId", a."originalPath", a."originalFileName", a.type, a.visibility, a."stackId",
        a."livePhotoVideoId", m.mirror_asset_id IS NOT NULL AS "isMirror"
      FROM asset a
      LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
      WHERE ${where ?? this.sql`true`}
      ORDER BY a."originalPath", a."libraryId"`;
  }

  /** Somebody's own photo. */
  async own(where?: Fragment): Promise<Asset | undefined> {
    return this.one((await this.assets(where)).filter(({ isMirror }) => !isMirror));
  }

  async mirror(where?: Fragment): Promise<Asset | undefined> {
    return this.one((await this.assets(where)).filter(({ isMirror }) => isMirror));
  }

  /** As likely somebody's own as a mirror. */
  async any(where?: Fragment): Promise<Asset | undefined> {
    return this.chance(2) ? await this.mirror(where) : await this.own(where);
  }

  async faces(where?: Fragment): Promise<Face[]> {
    return await this.sql<Face[]>`
      SELECT
        f.id, f."assetId", a."ownerId", f.${this.sql(this.home.faceKey)} AS person,
        m.mirror_asset_id IS NOT NULL AS "isMirror"
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
      WHERE ${where ?? this.sql`true`}
      ORDER BY a."originalPath", a."libraryId", f."boundingBoxX1", f."sourceType"`;
  }

  async face(isMirror: boolean): Promise<Face | undefined> {
    return this.one((await this.faces()).filter((face) => face.isMirror === isMirror));
  }

  /** People of a user, or of everybody who takes part. */
  async people(ownerId?: string): Promise<Person[]> {
    const key = this.sql(this.home.personKey);
    const owners = ownerId === undefined ? this.names.map((name) => this.home.users[name].id) : [ownerId];
    return await this.sql<Person[]>`
      SELECT p.${key} AS id, p."ownerId", p.name, origin.id IS NOT NULL AS "isMirror"
      FROM person p
      LEFT JOIN LATERAL (
        SELECT min(pm.origin_person_id::text) AS id
        FROM immich_sidecar.person_map pm
        WHERE pm.mirror_person_id = p.${key} AND pm.target_user_id = p."ownerId"
      ) AS origin ON true
      WHERE p."ownerId" = ANY (${owners}::uuid[])
      ORDER BY p."ownerId", coalesce(origin.id, p.${key}::text), p.${key}`;
  }

  /** Somebody says something of a photo of theirs, or of somebody whom they have. */
  says({ ownerId, id }: { readonly ownerId: string; readonly id: string }, group: Typed['group']): void {
    this.home.typed.push({ ownerId, id, group });
  }

  /** Whether a row of `person` is this person. */
  isPerson({ id, ownerId }: Person): Fragment {
    return this.sql`(${this.sql(this.home.personKey)} = ${id} AND "ownerId" = ${ownerId})`;
  }
}

/** Something that people or Immich do. */
export interface Deed {
  /**
   * Whether Immich leaves a trace of it that can be found without looking at everything (docs/immich.md#what-has-changed).
   * What leaves none is found by a full cycle.
   */
  readonly isTraced: boolean;
  /** Does it, and tells it; undefined when there was nothing to do it to. */
  act(scene: Scene): Promise<string | undefined>;
}

export type Deeds = Readonly<Record<string, Deed>>;

export function traced(act: Deed['act']): Deed {
  return { isTraced: true, act };
}

export function untraced(act: Deed['act']): Deed {
  return { isTraced: false, act };
}
