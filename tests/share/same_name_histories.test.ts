/** Whatever happens to albums, those of the same name hold what a plain model says after one cycle, and another changes nothing. */
import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { InImmich } from './deeds_in_immich.ts';
import { Engine } from './oracle/engine.ts';
import { makeLibraries, sharingAlbums } from './shared_albums_world.ts';
import { digestTables } from './snapshot.ts';
import { World } from './world.ts';
import { tellCounts } from './idle.ts';

const USERS = ['alice', 'bob', 'carol'] as const;
const NAMES = ['Family', 'Summer'];
const PHOTOS = ['family/portrait', 'family/wedding', 'uploads/cat', 'bob/dog', 'bob/walk', 'carol/garden'];

const IS_LONG = Deno.env.get('HISTORIES') === 'long';
const SEEDS = Deno.env.get('SEEDS')?.split(',').map(Number) ?? (IS_LONG ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1]);
const STEPS = Number(Deno.env.get('STEPS') ?? (IS_LONG ? 100 : 20));

interface Album {
  readonly id: string;
  name: string;
  readonly owner: string;
  readonly members: readonly string[];
  /** Assets. */
  readonly photos: Set<string>;
}

/** The own album for a shared one, as the model remembers it. */
interface Own {
  readonly target: string;
  readonly sharedId: string;
  album: Album;
  name: string;
  isMade: boolean;
}

/** What the model remembers from cycle to cycle. */
class Model {
  #own: Own[] = [];
  /** What was put in by us: `album mirror`. */
  readonly #put = new Set<string>();

  /** @param albums as they are now; they become as they shall be. `mirrors`: as they are after the cycle: by target and source, of which the owner is told */
  follow(
    albums: Map<string, Album>,
    mirrors: ReadonlyMap<string, string>,
    ownerOf: (photo: string) => string | undefined,
  ): Album[] {
    const alive = new Set(mirrors.values());
    for (const key of [...this.#put]) if (!alive.has(key.split(' ')[1] ?? '')) this.#put.delete(key);
    for (const album of albums.values()) {
      for (const photo of [...album.photos]) {
        if (ownerOf(photo) === undefined && !alive.has(photo)) album.photos.delete(photo);
      }
    }
    for (const own of this.#own) {
      own.album = albums.get(own.album.id) ?? { ...own.album, name: '', photos: new Set(), members: ['gone'] };
    }
    const isShown = ({ members, id }: Album) => members.length === 1 && albums.has(id);
    const made: Album[] = [];
    const assign = (target: string, shared: Album) => {
      const candidates = [...albums.values(), ...made].filter((one) =>
        one.owner === target && one.name === shared.name && (isShown(one) || made.includes(one))
      );
      const found = candidates.toSorted((one, other) => one.id < other.id ? -1 : 1)[0];
      const album = found ??
        { id: crypto.randomUUID(), name: shared.name, owner: target, members: [target], photos: new Set() };
      if (found === undefined) made.push(album);
      const isMade = found === undefined || this.#own.some((one) => one.album === album && one.isMade);
      this.#own = this.#own.filter((one) => one.target !== target || one.sharedId !== shared.id);
      this.#own.push({ target, sharedId: shared.id, album, name: shared.name, isMade });
    };
    const wants = ({ target, sharedId }: Pick<Own, 'target' | 'sharedId'>): string[] => {
      const shared = albums.get(sharedId);
      if (shared === undefined || !shared.members.includes(target)) return [];
      return [...shared.photos].flatMap((photo) => {
        const owner = ownerOf(photo);
        const mirror = mirrors.get(`${target} ${photo}`);
        return owner === undefined || owner === target || mirror === undefined || !shared.members.includes(owner)
          ? []
          : [mirror];
      });
    };
    const inOrder = (one: Own, other: Own) => one.target + one.sharedId < other.target + other.sharedId ? -1 : 1;
    const renamed = this.#own.filter(({ sharedId, name }) => (albums.get(sharedId)?.name ?? name) !== name)
      .toSorted(inOrder).map((own) => {
        const now = albums.get(own.sharedId)?.name ?? '';
        const isOnly = !this.#own.some((other) => other.album.id === own.album.id && other.sharedId !== own.sharedId);
        const isKept = !albums.has(own.album.id) || own.album.name === now ||
          (own.isMade && own.album.name !== own.name);
        return { own, now, does: isKept ? 'keep' : own.isMade && isOnly ? 'rename' : 'leave' };
      });
    for (const { own, now, does } of renamed) {
      if (does === 'leave') {
        const others = this.#own.filter((other) => other !== own && other.album.id === own.album.id);
        const stay = new Set(others.flatMap(wants));
        for (const key of [...this.#put]) {
          const [album, mirror] = key.split(' ');
          if (album !== own.album.id || stay.has(mirror ?? '')) continue;
          this.#put.delete(key);
          own.album.photos.delete(mirror ?? '');
        }
        assign(own.target, albums.get(own.sharedId) ?? assert.fail());
        continue;
      }
      if (does === 'rename') own.album.name = now;
      own.name = now;
    }
    const pairs = [...albums.values()].filter(({ members }) => members.length > 1).flatMap((shared) =>
      shared.members.map((target) => ({ target, sharedId: shared.id, shared }))
    ).toSorted((one, other) => one.target + one.sharedId < other.target + other.sharedId ? -1 : 1);
    for (const { target, sharedId, shared } of pairs) {
      if (wants({ target, sharedId }).length === 0) continue;
      if (this.#own.some((own) => own.target === target && own.sharedId === sharedId)) continue;
      assign(target, shared);
    }
    for (const own of this.#own) {
      if (!isShown(own.album) && !made.includes(own.album)) continue;
      for (const mirror of wants(own)) {
        const key = `${own.album.id} ${mirror}`;
        if (this.#put.has(key) || own.album.photos.has(mirror)) continue;
        this.#put.add(key);
        own.album.photos.add(mirror);
      }
    }
    for (const key of [...this.#put]) {
      const [albumId = '', mirror = ''] = key.split(' ');
      const owns = this.#own.filter(({ album }) => album.id === albumId);
      const album = owns[0]?.album;
      if (album === undefined || !album.photos.has(mirror) || owns.flatMap(wants).includes(mirror)) continue;
      this.#put.delete(key);
      album.photos.delete(mirror);
    }
    const idle = this.#own.filter((own) => wants(own).length === 0);
    this.#own = this.#own.filter((own) => !idle.includes(own));
    const all = [...albums.values(), ...made];
    return all.filter((album) =>
      !idle.some((own) =>
        own.album === album && own.isMade && album.name === own.name && album.photos.size === 0 && isShown(album) &&
        !this.#own.some((other) => other.album === album)
      )
    );
  }

  /** What was made has another id in the database. */
  learn(ids: ReadonlyMap<string, string>): void {
    for (const own of this.#own) own.album = { ...own.album, id: ids.get(own.album.id) ?? own.album.id };
    for (const key of [...this.#put]) {
      const [album = '', mirror] = key.split(' ');
      const id = ids.get(album);
      if (id === undefined) continue;
      this.#put.delete(key);
      this.#put.add(`${id} ${mirror}`);
    }
  }
}

async function readAlbums({ sql }: World): Promise<Map<string, Album>> {
  const rows = await sql<{ id: string; name: string; owner: string; members: string[]; photos: string[] }[]>`
    SELECT
      al.id, al."albumName" AS name,
      (SELECT m."userId" FROM album_user m WHERE m."albumId" = al.id AND m.role = 'owner') AS owner,
      ARRAY(SELECT m."userId" FROM album_user m WHERE m."albumId" = al.id ORDER BY 1) AS members,
      ARRAY(SELECT placed."assetId" FROM album_asset placed WHERE placed."albumId" = al.id) AS photos
    FROM album al`;
  return new Map(rows.map(({ photos, ...album }) => [album.id, { ...album, photos: new Set(photos) }]));
}

const told = (albums: Iterable<Album>) =>
  [...albums].map(({ owner, name, members, photos }) =>
    `${owner} ${name} ${members.join()}: ${[...photos].sort().join()}`
  ).sort();

interface Step {
  readonly deed: 'make' | 'invite' | 'dismiss' | 'put' | 'takeOut' | 'rename' | 'delete';
  readonly picks: readonly number[];
  readonly isFollowedByCycle: boolean;
}

async function act(world: World, { deed, picks: [one = 0, two = 0, three = 0] }: Step): Promise<void> {
  const immich = new InImmich(world);
  const pick = <Item>(items: readonly Item[], number: number) => items[number % Math.max(items.length, 1)];
  const user = pick(USERS, two) ?? 'alice';
  const name = pick(NAMES, three) ?? '';
  const albums = [...(await readAlbums(world)).values()].toSorted((a, b) => a.id < b.id ? -1 : 1);
  const album = pick(albums, one);
  if (deed === 'make' || album === undefined) {
    await immich.makeAlbum(user, name);
    return;
  }
  const userId = world.library.users[user].id;
  if (deed === 'invite' && !album.members.includes(userId)) await immich.invite(album.id, user);
  if (deed === 'dismiss' && album.owner !== userId) await immich.dismiss(album.id, user);
  if (deed === 'rename') await immich.renameAlbum(album.id, name);
  if (deed === 'delete') await immich.deleteAlbum(album.id);
  if (deed === 'takeOut') {
    const photo = pick([...album.photos].sort(), two);
    if (photo !== undefined) await immich.takeOut(album.id, [photo]);
  }
  if (deed === 'put') {
    const mine = await world.sql<{ id: string }[]>`
      SELECT a.id
      FROM asset a
      LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id
      WHERE a."ownerId" = ANY (${album.members as string[]}::uuid[])
        AND (m.mirror_asset_id IS NOT NULL OR a.id = ANY (${PHOTOS.map((key) => world.id(key))}::uuid[]))
      ORDER BY coalesce(m.source_asset_id, a.id), a."ownerId"`;
    const photo = pick(mine.filter(({ id }) => !album.photos.has(id)), two * 7 + three);
    if (photo !== undefined) await immich.putInto(album.id, [photo.id]);
  }
}

for (const seed of SEEDS) {
  Deno.test(`albums of the same name hold what the model says (seed ${seed}, ${STEPS} steps)`, async () => {
    const steps = fc.sample(
      fc.record<Step>({
        deed: fc.constantFrom(
          'make',
          'invite',
          'invite',
          'dismiss',
          'put',
          'put',
          'put',
          'takeOut',
          'rename',
          'delete',
        ),
        picks: fc.array(fc.nat(1_000), { minLength: 3, maxLength: 3 }),
        isFollowedByCycle: fc.boolean(),
      }),
      { seed, numRuns: STEPS },
    );
    await using world = await World.open('v3.3.0');
    const { sql } = world;
    await sql`DELETE FROM album`;
    await makeLibraries(world);
    world.config = sharingAlbums(world, { into: 'same-name' });
    const engine = await Engine.start(world.config);
    const done: string[] = [];
    const model = new Model();
    try {
      await engine.cycle();
      for (const [index, step] of steps.entries()) {
        await act(world, step);
        done.push(`${step.deed} ${step.picks.join(' ')}`);
        if (!step.isFollowedByCycle && index < steps.length - 1) continue;
        await sql`DELETE FROM immich_sidecar_remembered.photo`;
        await tellCounts(sql);
        const before = await readAlbums(world);
        assert.deepEqual(problemsOf(await engine.cycle()), []);
        const rows = await sql<{ source: string; owner: string; target: string; mirror: string }[]>`
          SELECT source_asset_id AS source, source_user_id AS owner, target_user_id AS target, mirror_asset_id AS mirror
          FROM immich_sidecar.asset_map`;
        const mirrors = new Map(rows.map(({ target, source, mirror }) => [`${target} ${source}`, mirror]));
        const owners = new Map(
          (await sql<{ id: string; owner: string }[]>`
            SELECT a.id, a."ownerId" AS owner
            FROM asset a
            WHERE NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id)`)
            .map(({ id, owner }) => [id, owner]),
        );
        const predicted = model.follow(before, mirrors, (photo) => owners.get(photo));
        const after = await readAlbums(world);
        assert.deepEqual(told(after.values()), told(predicted), `after: ${done.join(', ')}`);
        model.learn(newIds(predicted, after));
        const state = await digestTables(sql);
        await engine.cycle({ isFull: true });
        assert.deepEqual(await digestTables(sql), state, `another cycle changes something after: ${done.join(', ')}`);
      }
    } finally {
      await engine.end();
    }
  });
}

/** Which album of the database is which that the model has made: they are alike. */
function newIds(predicted: readonly Album[], after: ReadonlyMap<string, Album>): Map<string, string> {
  const known = new Set(predicted.map(({ id }) => id));
  const strange = [...after.values()].filter(({ id }) => !known.has(id));
  return new Map(
    predicted.filter(({ id }) => !after.has(id)).map((album) => {
      const place = strange.findIndex((one) => told([one])[0] === told([album])[0]);
      const [same] = strange.splice(place, 1);
      return [album.id, same?.id ?? assert.fail()];
    }),
  );
}
