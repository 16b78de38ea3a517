/** Who is on a photo decides: faces that are found, recognised, given to others or taken away later. */
import assert from 'node:assert/strict';
import type { JobConfig, SelectConfig } from '../../src/config/config.ts';
import { verifyMirrors } from '../../src/demo/verify/verify.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { REPRESENTATIVE } from '../harness/database.ts';
import { Engine } from './oracle/engine.ts';
import { digestTables, listFiles } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const NOTHING: SelectConfig = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false };

/** A world that shares what shows these people, and what may happen to the faces in it. */
class People implements AsyncDisposable {
  private constructor(readonly world: World, readonly engine: Engine) {}

  static async open(
    release: Parameters<typeof World.open>[0],
    select: Partial<SelectConfig>,
    names: readonly string[],
  ) {
    const world = await World.open(release);
    const uploads = world.config.jobs.at(-1);
    assert.ok(uploads);
    const people = names.map((name) => world.library.people[`alice/${name}` as 'alice/gustav'].name);
    const job: JobConfig = { ...uploads, name: 'people', kind: 'any', select: { ...NOTHING, people, ...select } };
    world.setJobs([job]);
    // Nobody is on anything yet, and recognition has been everywhere long ago.
    await world
      .sql`DELETE FROM asset_face WHERE "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${world.library.users.alice.id})`;
    await world.sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() - interval '1 day'`;
    return new People(world, await Engine.start(world.config));
  }

  /** Immich's detection finds a face on a photo, of nobody yet. */
  async find(key: string): Promise<string> {
    const { sql } = this.world;
    const id = crypto.randomUUID();
    await sql`
      INSERT INTO asset_face (
        id, "assetId", "imageWidth", "imageHeight", "boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2", "sourceType"
      )
      VALUES (${id}, ${this.world.id(key)}, 640, 480, 10, 10, 50, 50, 'machine-learning')`;
    await sql`UPDATE asset_job_status SET "facesRecognizedAt" = now() WHERE "assetId" = ${this.world.id(key)}`;
    return id;
  }

  /** Its recognition, or somebody, gives it to a person; null: takes it away from them. */
  async recognise(faceId: string, person: 'gustav' | 'grandma' | 'dora' | 'unnamed' | null): Promise<void> {
    const { sql, people: { faceKey }, library } = this.world;
    const id = person === null ? null : library.people[`alice/${person}` as 'alice/gustav'].id;
    await sql`UPDATE asset_face SET ${sql(faceKey)} = ${id} WHERE id = ${faceId}`;
  }

  async name(person: 'unnamed', name: string): Promise<void> {
    const { sql, people: { personKey }, library } = this.world;
    await sql`
      UPDATE person SET name = ${name}
      WHERE "ownerId" = ${library.users.alice.id} AND ${sql(personKey)} = ${library.people[`alice/${person}`].id}`;
  }

  /** One cycle over what has changed; what is shared then. */
  async cycle(): Promise<string[]> {
    const { sql, library } = this.world;
    await tellCounts(sql);
    const report = await this.engine.cycle();
    assert.deepEqual(problemsOf(report), []);
    assert.deepEqual(await this.world.verify(verifyMirrors), []);
    const rows = await sql<{ id: string }[]>`SELECT source_asset_id AS id FROM immich_sidecar.asset_map`;
    return rows.map(({ id }) => library.assets.find((asset) => asset.id === id)?.key ?? id).sort();
  }

  /** What waits for recognition, as the last report says. */
  async pending(): Promise<number> {
    const report = await this.engine.cycle({ isFull: true });
    return report.jobs[0]?.standing?.pending['recognition'] ?? 0;
  }

  /** A full cycle finds no more. */
  async assertAtRest(): Promise<void> {
    const { sql, directory } = this.world;
    await this.engine.untilIdle(sql);
    const state = [await digestTables(sql), listFiles(directory)];
    await this.engine.cycle({ isFull: true });
    assert.deepEqual([await digestTables(sql), listFiles(directory)], state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.end();
    await this.world.close();
  }
}

for (const release of REPRESENTATIVE) {
  Deno.test(`${release}: people_match: only shares a photo once recognition has had it, and takes it away within a cycle when somebody else is on it`, async (t) => {
    await using people = await People.open(release, { peopleMatch: 'only' }, ['gustav']);
    assert.deepEqual(await people.cycle(), []);
    const gustav = await people.find('family/portrait');
    const other = await people.find('family/portrait');
    await people.recognise(gustav, 'gustav');
    await t.step('a face that is nobody’s yet: the photo waits', async () => {
      assert.deepEqual(await people.cycle(), []);
      assert.equal(await people.pending(), 1);
    });
    await t.step('it is one who has no name: that is nobody', async () => {
      await people.recognise(other, 'unnamed');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
      assert.equal(await people.pending(), 0);
    });
    const before = await people.world.mirrorOf('family/portrait');
    await t.step('a face is found later: the photo stays while nobody knows whose it is', async () => {
      const late = await people.find('family/portrait');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
      assert.equal(await people.world.mirrorOf('family/portrait'), before);
      await people.recognise(late, 'dora');
      assert.deepEqual(await people.cycle(), [], 'and goes within one cycle when it is somebody else’s');
      await people.recognise(late, 'gustav');
      assert.deepEqual(await people.cycle(), ['family/portrait'], 'and comes back when that was a mistake');
    });
    await t.step('who had no name gets one', async () => {
      await people.name('unnamed', 'Somebody');
      assert.deepEqual(await people.cycle(), []);
      await people.name('unnamed', '');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
    });
    await t.step('the chosen one is not on it any more', async () => {
      await people.world.sql`UPDATE asset_face SET "deletedAt" = now() WHERE "assetId" = ${
        people.world.id('family/portrait')
      }`;
      assert.deepEqual(await people.cycle(), []);
    });
    await people.assertAtRest();
  });

  Deno.test(`${release}: people_match: all shares what shows each of them, whoever else is on it, and follows within a cycle`, async (t) => {
    await using people = await People.open(release, { peopleMatch: 'all' }, ['gustav', 'grandma']);
    const gustav = await people.find('family/portrait');
    await people.recognise(gustav, 'gustav');
    const twice = await people.find('family/portrait');
    await people.recognise(twice, 'gustav');
    await t.step('one of two, twice, is not all', async () => assert.deepEqual(await people.cycle(), []));
    const late = await people.find('family/portrait');
    await t.step('a face is found later: whose it is decides', async () => {
      assert.deepEqual(await people.cycle(), []);
      await people.recognise(late, 'grandma');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
    });
    await t.step('a third one is found: nothing changes, and nothing waits', async () => {
      const third = await people.find('family/portrait');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
      await people.recognise(third, 'dora');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
      assert.equal(await people.pending(), 0);
    });
    await t.step('one of them was a mistake', async () => {
      await people.recognise(late, 'dora');
      assert.deepEqual(await people.cycle(), []);
      await people.recognise(late, 'grandma');
      assert.deepEqual(await people.cycle(), ['family/portrait']);
    });
    await t.step('one of them is deleted: nothing shows all of them any more', async () => {
      const { sql, people: { personKey, faceKey }, library } = people.world;
      const grandma = library.people['alice/grandma'].id;
      await sql`UPDATE asset_face SET ${sql(faceKey)} = NULL WHERE ${sql(faceKey)} = ${grandma}`;
      await sql`DELETE FROM person WHERE ${sql(personKey)} = ${grandma}`;
      assert.deepEqual(await people.cycle(), []);
    });
    await people.assertAtRest();
  });
}
