import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describeProblem } from '../../src/problems/problem.ts';
import { World } from './world.ts';

const going = (directory: string) => `${directory}/.going-${crypto.randomUUID()}.jpg`;

Deno.test('of files that no row names only ours go: links, and copies of thumbnails of others; what has one name stays', async () => {
  await using world = await World.open('v3.1.0');
  await world.share();
  const { sql, library: { users, people } } = world;
  const thumbnailOf = async (personId: string) => {
    const [row] = await sql<{ path: string }[]>`SELECT "thumbnailPath" AS path FROM person WHERE id = ${personId}`;
    return world.local(row?.path ?? '');
  };
  const inThumbs = () => {
    const directory = world.local(`/data/thumbs/${users.bob.id}/ab/cd`);
    Deno.mkdirSync(directory, { recursive: true });
    return `${directory}/${crypto.randomUUID()}`;
  };
  const copy = async (from: string, to: string) => {
    await Deno.copyFile(from, to);
    const { atime, mtime } = Deno.statSync(from);
    Deno.utimeSync(to, atime ?? 0, mtime ?? 0);
    return to;
  };
  const [photo] = await world.someMirrored();
  const mirror = await world.localMirrorPath(photo);
  const hidden = mirror.replace(/[^/]+$/, '');

  // What an older backup may have left, and what is somebody's.
  const ours = [`${hidden}lost.jpg`, `${inThumbs()}_preview.jpeg`];
  for (const path of ours) Deno.linkSync(mirror, path);
  ours.push(await copy(await thumbnailOf(people['alice/dora'].id), `${inThumbs()}.jpeg`));
  // What a run has left that was killed while it removed such a file, and one of which it was the last name.
  const shared = `${world.directory}/external/bob_shared`;
  Deno.mkdirSync(`${shared}/.kept`);
  const asides = [`${shared}/.kept/.going-.jpg`, going(`${shared}/.kept`), going(shared)];
  for (const path of asides) Deno.linkSync(mirror, path);
  ours.push(...asides);
  const others = [going(shared), `${hidden}note.txt`, `${inThumbs()}_preview.jpeg`, `${inThumbs()}.jpeg`];
  for (const path of others) await Deno.writeTextFile(path, 'somebody has made this');
  others.push(await copy(await thumbnailOf(people['bob/dora'].id), `${inThumbs()}.jpeg`));

  const mirrored = await sql<{ path: string }[]>`
    SELECT "thumbnailPath" AS path FROM person WHERE "ownerId" = ${users.bob.id} AND "thumbnailPath" <> ''`;
  const inodes = () => mirrored.map(({ path }) => Deno.statSync(world.local(path)).ino);
  const before = inodes();
  const { jobs } = await world.share();
  assert.deepEqual(jobs.flatMap(({ problems }) => problems).map(describeProblem), []);
  assert.deepEqual(ours.filter((path) => existsSync(path)), [], 'ours go');
  assert.deepEqual(others.filter((path) => !existsSync(path)), [], 'what others have made stays');
  assert.deepEqual(inodes(), before, 'thumbnails that people have are not even made again');
});
