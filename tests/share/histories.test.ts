import assert from 'node:assert/strict';
import { jobsOf } from '../../src/demo/jobs.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';

/** How long a history is; more seeds with SEEDS=1,2,3. */
const CYCLES = 8;
const STEPS = 6;
const SEEDS = (Deno.env.get('SEEDS') ?? '1').split(',').map(Number);

for (const release of REPRESENTATIVE) {
  for (const seed of SEEDS) {
    Deno.test(`${release}: after any history one cycle makes every mirror right, and another changes nothing (seed ${seed})`, async () => {
      await using world = await World.open(release, { sameClusterGroup: seed % 2 === 0 });
      world.setJobs([...jobsOf(world.library, 'bob'), ...jobsOf(world.library, 'carol')]);
      await world.share();
      const history = new History(world, seed);
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        for (let step = 0; step < STEPS; step++) await history.step();
        const told = history.told.join(', ');
        assert.deepEqual((await world.share()).jobs.flatMap(({ failures }) => failures), [], told);
        assert.deepEqual(await world.verify(verifyMirrors), [], told);
        const before = await digestTables(world.sql);
        await world.share();
        assert.deepEqual(await digestTables(world.sql), before, told);
      }
    });
  }
}

type Deed = (history: History) => Promise<unknown>;

/** What Alice does to her photos and people, and Bob to his mirrors. */
const DEEDS: Readonly<Record<string, Deed>> = {
  lock: async ({ sql, asset }) => sql`UPDATE asset SET visibility = 'locked' WHERE id = ${await asset()}`,
  unlock: async ({ sql, asset }) =>
    sql`
      UPDATE asset SET visibility = 'timeline'
      WHERE id = ${await asset()}
        AND id NOT IN (SELECT "livePhotoVideoId" FROM asset WHERE "livePhotoVideoId" IS NOT NULL)`,
  trash: async ({ sql, asset }) =>
    sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${await asset()}`,
  restore: async ({ sql, asset }) =>
    sql`UPDATE asset SET "deletedAt" = NULL, status = 'active' WHERE id = ${await asset()} AND NOT "isOffline"`,
  rename: async ({ sql, world, alice, person, number }) =>
    sql`
      UPDATE person SET name = ${`name ${number(1000)}`}, "isHidden" = ${number(2) === 0}
      WHERE ${sql(world.people.personKey)} = ${await person()} AND "ownerId" = ${alice}`,
  reassign: async ({ sql, world, face, person }) =>
    sql`UPDATE asset_face SET ${sql(world.people.faceKey)} = ${await person()} WHERE id = ${await face()}`,
  removeFace: async ({ sql, face }) => sql`DELETE FROM asset_face WHERE id = ${await face()}`,
  addFace: async ({ sql, world, asset, person }) =>
    sql`
      INSERT INTO asset_face
        ("assetId", ${sql(world.people.faceKey)}, "imageWidth", "imageHeight", "boundingBoxX2", "boundingBoxY2")
      VALUES (${await asset()}, ${await person()}, 100, 100, 50, 50)`,
  merge: async ({ sql, world, alice, person }) => {
    const { personKey, faceKey } = world.people;
    const [from, into] = [await person(), await person()];
    if (from === into) return;
    await sql`
      UPDATE asset_face SET ${sql(faceKey)} = ${into}
      WHERE ${sql(faceKey)} = ${from} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${alice})`;
    await sql`DELETE FROM person WHERE ${sql(personKey)} = ${from} AND "ownerId" = ${alice}`;
  },
  cover: async ({ sql, world, alice, person, face }) =>
    sql`
      UPDATE person SET "faceAssetId" = ${await face()}
      WHERE ${sql(world.people.personKey)} = ${await person()} AND "ownerId" = ${alice}`,
  targetTrashes: async ({ sql, mirror }) =>
    sql`UPDATE asset SET "deletedAt" = now(), status = 'trashed' WHERE id = ${await mirror()}`,
  targetDeletes: async ({ sql, mirror }) => sql`DELETE FROM asset WHERE id = ${await mirror()}`,
};

/** A history that follows from its seed. */
class History {
  readonly told: string[] = [];
  readonly alice: string;
  #state: number;

  constructor(readonly world: World, seed: number) {
    this.alice = world.library.users.alice.id;
    this.#state = seed * 7919;
  }

  get sql() {
    return this.world.sql;
  }

  async step(): Promise<void> {
    const names = Object.keys(DEEDS);
    const name = names[this.number(names.length)] ?? '';
    this.told.push(name);
    await DEEDS[name]?.(this);
  }

  /** A whole number below `limit`, of a linear congruential generator. */
  readonly number = (limit: number): number => {
    this.#state = (this.#state * 1664525 + 1013904223) >>> 0;
    return Math.floor(this.#state / 2 ** 32 * limit);
  };

  readonly asset = async () =>
    this.#one(await this.sql`SELECT id FROM asset WHERE "ownerId" = ${this.alice} ORDER BY id`);
  readonly person = async () =>
    this.#one(
      await this.sql`
        SELECT ${this.sql(this.world.people.personKey)} AS id FROM person WHERE "ownerId" = ${this.alice} ORDER BY 1`,
    );
  readonly face = async () =>
    this.#one(
      await this.sql`
        SELECT f.id FROM asset_face f JOIN asset a ON a.id = f."assetId" AND a."ownerId" = ${this.alice} ORDER BY f.id`,
    );
  readonly mirror = async () =>
    this.#one(
      await this.sql`
        SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map
        WHERE target_user_id = ${this.world.library.users.bob.id} ORDER BY 1`,
    );

  #one(rows: readonly { readonly id?: string }[]): string | null {
    return rows[this.number(rows.length)]?.id ?? null;
  }
}
