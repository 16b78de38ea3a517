import type { RowWriter } from '../../harness/rows.ts';
import type { World } from '../world.ts';

/** A human of a random library: `name` is what their user calls them, and nobody calls a stranger anything. */
export interface Human {
  readonly name: string;
  readonly birthDate: string | null;
  readonly isHidden: boolean;
  readonly isFavorite: boolean;
}

/** Who is where in a photo: an index of `humans` for each of the twelve places, or undefined. */
export type Photo = readonly (number | undefined)[];

export interface Household {
  readonly humans: readonly Human[];
  readonly photos: readonly Photo[];
}

/** How Immich finds and recognises all faces again. */
export interface Redetection {
  /** Whether people without faces are removed, as some releases do. */
  readonly cleansUp: boolean;
  /** What a box moves and grows by, at most, as a part of its size. */
  readonly jitter: number;
  readonly imageWidth: number;
  /** For each face that is found, in the order of the photos: right, not recognised, in a group of its own, or in somebody else's. */
  readonly mistakes: readonly ('none' | 'nobody' | 'alone' | 'another')[];
  readonly random: () => number;
}

const COLUMNS = 4;
const ROWS = 3;
export const PLACES = COLUMNS * ROWS;

/** A user with these photos and people in a world's database, and what Immich does to them. */
export class Library {
  readonly #people = new Map<number, string>();
  readonly #assets: string[] = [];

  private constructor(
    readonly world: World,
    readonly rows: RowWriter,
    readonly userId: string,
    readonly household: Household,
  ) {}

  static async create(world: World, rows: RowWriter, household: Household): Promise<Library> {
    const userId = await rows.insertUser(`user-${crypto.randomUUID()}`);
    const library = new Library(world, rows, userId, household);
    for (const _ of household.photos) {
      const asset = await rows.insert('asset', {
        ownerId: userId,
        type: 'IMAGE',
        visibility: 'timeline',
        checksum: crypto.getRandomValues(new Uint8Array(20)),
        originalPath: `/data/upload/${crypto.randomUUID()}.jpg`,
        createdAt: new Date('2024-05-01T00:00:00Z'),
      });
      library.#assets.push(String(asset['id']));
    }
    for (const [index, human] of household.humans.entries()) {
      const id = await library.insertPerson(human);
      library.#people.set(index, id);
    }
    await library.#detect(() => 0, 1_440, (human) => library.#people.get(human) ?? null);
    return library;
  }

  async insertPerson(values: Partial<Human>): Promise<string> {
    const id = crypto.randomUUID();
    const { personKey } = this.world.people;
    if (personKey === 'personGroupId') {
      const [user] = await this.world.sql<{ clusterGroupId: string }[]>`
        SELECT "clusterGroupId" FROM "user" WHERE id = ${this.userId}`;
      await this.rows.insert('person_group', { id, clusterGroupId: user?.clusterGroupId });
    }
    await this.rows.insert('person', { [personKey]: id, ownerId: this.userId, name: '', ...values });
    return id;
  }

  /** What "Reset" of face detection does, and the detection and recognition that follow it. */
  async reset({ cleansUp, jitter, imageWidth, mistakes, random }: Redetection): Promise<void> {
    const { sql, people: { personKey, faceKey } } = this.world;
    await sql`
      DELETE FROM asset_face f
      USING asset a
      WHERE a.id = f."assetId" AND a."ownerId" = ${this.userId} AND f."sourceType" = 'machine-learning'`;
    if (cleansUp) {
      await sql`
        DELETE FROM person p
        WHERE p."ownerId" = ${this.userId}
          AND NOT EXISTS (SELECT FROM asset_face f WHERE f.${sql(faceKey)} = p.${sql(personKey)})`;
    }
    const groups = new Map<number, string>();
    const groupOf = async (human: number) => {
      const known = groups.get(human) ?? await this.insertPerson({});
      groups.set(human, known);
      return known;
    };
    let face = 0;
    await this.#detect(() => (random() * 2 - 1) * jitter, imageWidth, async (human) => {
      const mistake = mistakes[face++ % mistakes.length];
      if (mistake === 'nobody') return null;
      if (mistake === 'alone') return await this.insertPerson({});
      return await groupOf(mistake === 'another' ? (human + 1) % this.household.humans.length : human);
    });
  }

  /** Puts a face into each place where somebody is. */
  async #detect(
    jitter: () => number,
    imageWidth: number,
    personOf: (human: number) => string | null | Promise<string | null>,
  ): Promise<void> {
    const imageHeight = imageWidth * 3 / 4;
    for (const [index, photo] of this.household.photos.entries()) {
      for (const [place, human] of photo.entries()) {
        if (human === undefined) continue;
        const left = (place % COLUMNS + 0.25) / COLUMNS;
        const top = (Math.floor(place / COLUMNS) + 0.25) / ROWS;
        const [width, height] = [0.5 / COLUMNS, 0.5 / ROWS];
        await this.rows.insert('asset_face', {
          assetId: this.#assets[index],
          [this.world.people.faceKey]: await personOf(human) ?? undefined,
          sourceType: 'machine-learning',
          imageWidth,
          imageHeight,
          boundingBoxX1: Math.round((left + jitter() * width) * imageWidth),
          boundingBoxY1: Math.round((top + jitter() * height) * imageHeight),
          boundingBoxX2: Math.round((left + width + jitter() * width) * imageWidth),
          boundingBoxY2: Math.round((top + height + jitter() * height) * imageHeight),
        });
      }
    }
  }

  /** Whom each place of each photo belongs to now: the id and the name of a person, or null. */
  async places(): Promise<Map<string, { id: string; name: string } | null>> {
    const { sql, people: { personKey, faceKey } } = this.world;
    const rows = await sql<{ assetId: string; place: number; id: string | null; name: string | null }[]>`
      SELECT
        f."assetId",
        floor((f."boundingBoxX1" + f."boundingBoxX2") / 2.0 / f."imageWidth" * ${COLUMNS})::int
          + ${COLUMNS} * floor((f."boundingBoxY1" + f."boundingBoxY2") / 2.0 / f."imageHeight" * ${ROWS})::int AS place,
        p.${sql(personKey)} AS id,
        p.name
      FROM asset_face f
      JOIN asset a ON a.id = f."assetId"
      LEFT JOIN person p ON p.${sql(personKey)} = f.${sql(faceKey)} AND p."ownerId" = a."ownerId"
      WHERE a."ownerId" = ${this.userId}`;
    return new Map(rows.map(({ assetId, place, id, name }) => [
      `${this.#assets.indexOf(assetId)}/${place}`,
      id === null ? null : { id, name: name ?? '' },
    ]));
  }

  /** What is known of everybody who has a face, by id. */
  async people(): Promise<Map<string, Human>> {
    const { sql, people: { personKey, faceKey } } = this.world;
    const rows = await sql<(Human & { id: string })[]>`
      SELECT p.${sql(personKey)} AS id, p.name, p."birthDate"::text AS "birthDate", p."isHidden", p."isFavorite"
      FROM person p
      WHERE p."ownerId" = ${this.userId}
        AND EXISTS (SELECT FROM asset_face f WHERE f.${sql(faceKey)} = p.${sql(personKey)})`;
    return new Map(rows.map(({ id, ...human }) => [id, { ...human }]));
  }
}
