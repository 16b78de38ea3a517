import assert from 'node:assert/strict';
import { PathMap } from '../../../src/files/path_map.ts';
import { readLibraries, readUnknown } from '../../../src/immich/scan/database.ts';
import { isNothing, whatAScanImports } from '../../../src/immich/scan/exposure.ts';
import { readScanFacts } from '../../../src/immich/scan/look.ts';
import { immichOf, scan } from '../../harness/immich_scan.ts';
import { World } from '../../share/world.ts';

/** An import path, exclusion patterns, and what lies on disk: what does the program say, and what does Immich's crawler do? */
interface Case {
  readonly what: string;
  readonly importPaths: readonly string[];
  readonly patterns?: readonly string[];
  /** Makes the place; returns how to take it away. */
  readonly make?: (external: string, media: string) => void;
  /** Whether a scan imports what is somebody else's, what is the owner's, or what nobody knows. */
  readonly others?: true;
  readonly own?: true;
  readonly unknown?: true;
  /** What only exclusion patterns keep away. */
  readonly covers?: true;
  /** Not all of it can be looked at. */
  readonly isUnseen?: true;
  /** More roots than the usual two. */
  readonly roots?: readonly { readonly immich: string; readonly local: string }[];
  /** The crawler passes over it, and the watcher does not. */
  readonly isWatchedOnly?: true;
}

const CASES: readonly Case[] = [
  { what: 'a directory of our own', importPaths: ['/external_library/bob_shared'] },
  { what: 'with a slash at its end', importPaths: ['/external_library/bob_shared/'] },
  { what: 'one that is not there yet', importPaths: ['/external_library/nobody_shared'] },
  { what: 'none at all', importPaths: [] },
  { what: 'the whole external directory', importPaths: ['/external_library'], others: true },
  { what: 'the same, with a slash', importPaths: ['/external_library/'], others: true },
  { what: 'the same, with dots', importPaths: ['/external_library/bob_shared/..'], others: true },
  { what: 'the same, with slashes', importPaths: ['//external_library///.'], others: true },
  { what: 'everything', importPaths: ['/'], others: true, own: true, isUnseen: true },
  {
    what: 'one beside our own',
    importPaths: ['/external_library/bob_shared', '/external_library/alice'],
    others: true,
  },
  { what: "a part of another's library", importPaths: ['/external_library/alice/family/2023'], others: true },
  {
    what: 'all of it, which a pattern excludes',
    importPaths: ['/external_library'],
    patterns: ['**/*'],
    covers: true,
  },
  {
    what: 'a pattern for the directory of the other',
    importPaths: ['/external_library'],
    patterns: ['**/ALICE'],
    covers: true,
  },
  {
    what: 'a pattern that leaves some',
    importPaths: ['/external_library/alice'],
    patterns: ['**/*.jpg'],
    others: true,
    covers: true,
  },
  {
    what: 'braces, which SQL does not know',
    importPaths: ['/external_library'],
    patterns: ['/external_library/{alice,carol_shared}/**'],
    covers: true,
  },
  {
    what: 'a pattern for what is elsewhere',
    importPaths: ['/external_library/alice'],
    patterns: ['**/Raw/**', '**/._*'],
    others: true,
    covers: true,
  },
  {
    what: "a symbolic link to another's directory, as immich-shared-library makes it",
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place`);
      Deno.symlinkSync('../alice/family', `${external}/place/photos`);
    },
    others: true,
  },
  {
    what: 'the import path is such a link itself',
    importPaths: ['/external_library/place/'],
    make: (external) => Deno.symlinkSync('alice/family', `${external}/place`),
    others: true,
  },
  {
    what: "a symbolic link to another's uploads, with the paths of the container",
    importPaths: ['/external_library/place'],
    make: (external, media) => {
      Deno.mkdirSync(`${external}/place`);
      const [alice] = [...Deno.readDirSync(`${media}/upload`)].filter(({ isDirectory }) => isDirectory);
      Deno.symlinkSync(`/data/upload/${alice?.name}`, `${external}/place/alice`);
    },
    others: true,
  },
  {
    what: 'a link to a link',
    importPaths: ['/external_library/place/a'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place/a`, { recursive: true });
      Deno.symlinkSync('../b', `${external}/place/a/up`);
      Deno.symlinkSync('/external_library/alice', `${external}/place/b`);
    },
    others: true,
  },
  {
    what: 'a link to one photo',
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place`);
      Deno.symlinkSync('../alice/family/2023/portrait.jpg', `${external}/place/one.JPG`);
    },
    others: true,
  },
  {
    what: 'a pattern that names the link',
    importPaths: ['/external_library/place'],
    patterns: ['**/photos/**'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place`);
      Deno.symlinkSync('../alice/family', `${external}/place/photos`);
    },
    covers: true,
  },
  {
    what: 'a hidden link',
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place`);
      Deno.symlinkSync('../alice/family', `${external}/place/.photos`);
    },
  },
  {
    what: 'links in a circle, and one that leads nowhere',
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place/a`, { recursive: true });
      Deno.symlinkSync('../../place', `${external}/place/a/again`);
      Deno.symlinkSync('nowhere', `${external}/place/b`);
    },
  },
  {
    what: 'a hidden import path hides nothing of what lies in it',
    importPaths: ['/external_library/.place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/.place`);
      Deno.symlinkSync('../alice/family', `${external}/.place/photos`);
    },
    others: true,
  },
  {
    what: 'photos that Immich has not seen yet, and what is none',
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place/deep`, { recursive: true });
      Deno.writeTextFileSync(`${external}/place/deep/new.HEIC`, 'x');
      Deno.writeTextFileSync(`${external}/place/notes.txt`, 'x');
    },
    unknown: true,
  },
  {
    what: 'what is no photo, or hidden',
    importPaths: ['/external_library/place'],
    make: (external) => {
      Deno.mkdirSync(`${external}/place/.deep`, { recursive: true });
      Deno.writeTextFileSync(`${external}/place/.deep/new.jpg`, 'x');
      Deno.writeTextFileSync(`${external}/place/.new.jpg`, 'x');
      Deno.writeTextFileSync(`${external}/place/photo.jpg.xmp`, 'x');
      Deno.writeTextFileSync(`${external}/place/jpg`, 'x');
    },
  },
  { what: "Immich's own directory", importPaths: ['/data'], others: true, own: true, isWatchedOnly: true },
  { what: 'a directory of uploads', importPaths: ['/data/upload/'], others: true, own: true, isWatchedOnly: true },
  { what: 'a part of the thumbnails', importPaths: ['/data/thumbs/0'], others: true, isWatchedOnly: true },
  { what: 'a directory of our own in there', importPaths: ['/data/shared/bob'] },
  {
    what: 'a second mount of the same disk',
    importPaths: ['/photos/alice'],
    roots: [{ immich: '/photos', local: 'external' }],
    others: true,
  },
  {
    what: 'a second mount of a part of it',
    importPaths: ['/photos'],
    roots: [{ immich: '/photos', local: 'external/alice/family' }],
    others: true,
  },
  { what: 'what is not mounted here', importPaths: ['/elsewhere'], isUnseen: true },
];

Deno.test('what a scan of a library would import: we say what the crawler of Immich does', async (t) => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { sql, library, directory } = world;
  const { bob } = library.users;
  const [external, media] = [`${directory}/external`, `${directory}/media`];
  const { id } = library.libraries.bobShared;
  for (const one of CASES) {
    await t.step(one.what, async () => {
      one.make?.(external, media);
      try {
        await sql`
          UPDATE library
          SET "importPaths" = ${one.importPaths as string[]}, "exclusionPatterns" = ${(one.patterns ?? []) as string[]}
          WHERE id = ${id}`;
        const roots = (one.roots ?? []).map(({ immich, local }) => ({ immich, local: `${directory}/${local}` }));
        const { next, covered } = await look(world, id, roots);
        assert.deepEqual(
          [next.others, next.own, next.unknownFiles].map(({ length }) => length > 0),
          [one.others, one.own, one.unknown].map((expected) => expected === true),
          JSON.stringify(next, null, 1),
        );
        assert.equal(next.unseen.length > 0, one.isUnseen === true, next.unseen.join());
        const isDanger = [one.others, one.own, one.unknown, one.covers].includes(true);
        assert.equal(isNothing(covered), !isDanger && one.isUnseen !== true, JSON.stringify(covered, null, 1));

        const usual = immichOf(world);
        const immich = { ...usual, mounts: [...usual.mounts, ...roots] };
        const { imported } = await scan(immich, id, { isWatching: one.isWatchedOnly === true });
        const isImported = [one.others, one.own, one.unknown].includes(true) && one.importPaths[0] !== '/data/thumbs/0';
        assert.equal(imported.length > 0, isImported, imported.join('\n'));
        if (one.isWatchedOnly) assert.deepEqual((await scan(immich, id)).imported, []);
      } finally {
        for (const name of ['place', '.place']) {
          await Deno.remove(`${external}/${name}`, { recursive: true }).catch(() => {});
        }
      }
    });
  }
  await t.step("what is the owner's own in another library", async () => {
    await sql`INSERT INTO library ("ownerId", name, "importPaths", "exclusionPatterns") VALUES (${bob.id}, 'own', '{/external_library/mine}', '{}')`;
    await sql`UPDATE library SET "importPaths" = '{/external_library/mine}', "exclusionPatterns" = '{}' WHERE id = ${id}`;
    const { next } = await look(world, id, []);
    assert.deepEqual([next.others.length, next.own.length], [0, 1]);
  });
});

async function look(
  world: World,
  id: string,
  roots: readonly { readonly immich: string; readonly local: string }[],
  maxEntries?: number,
) {
  const libraries = await readLibraries(world.sql);
  const library = libraries.find((one) => one.id === id);
  assert.ok(library);
  const facts = await readScanFacts(world.sql, library, {
    libraries,
    targetLibraryIds: new Set(
      Object.values(world.library.libraries).map((one) => one.id).filter((one) =>
        one !== world.library.libraries.alice.id
      ),
    ),
    paths: new PathMap([
      { immich: '/data', local: `${world.directory}/media` },
      { immich: '/external_library', local: `${world.directory}/external` },
      ...roots,
    ]),
    mediaLocation: '/data',
    ...(maxEntries === undefined ? {} : { maxEntries }),
  });
  return {
    next: whatAScanImports(library, facts),
    covered: whatAScanImports({ ...library, exclusionPatterns: [] }, facts),
  };
}

Deno.test('files that no asset has are found on each page', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const known = world.library.assets.slice(0, 5).map(({ originalPath }) => originalPath);
  const unknown = ['/external_library/a.jpg', '/external_library/b.jpg', '/external_library/c.jpg'];
  const files = [unknown[0], ...known, ...unknown.slice(1)].map((path = '') => ({ path, realPath: path }));
  for (const pageSize of [1, 2, 3, 100]) {
    assert.deepEqual((await readUnknown(world.sql, files, pageSize)).toSorted(), unknown, `pages of ${pageSize}`);
  }
});

Deno.test('with more entries than are looked at it is told that something was not seen', async () => {
  await using world = await World.open('v3.1.0', { ownTables: false });
  const { id } = world.library.libraries.bobShared;
  const folder = `${world.directory}/external/bob_shared/many`;
  await Deno.mkdir(folder, { recursive: true });
  for (let number = 0; number < 6; number++) await Deno.writeTextFile(`${folder}/${number}.txt`, '');
  await world.sql`UPDATE library SET "importPaths" = '{/external_library/bob_shared}' WHERE id = ${id}`;
  const entries = 7; // with the folder itself
  assert.deepEqual((await look(world, id, [], entries)).next.unseen, []);
  assert.match((await look(world, id, [], entries - 1)).next.unseen.join(), /more than can be looked at in .*many/);
});
