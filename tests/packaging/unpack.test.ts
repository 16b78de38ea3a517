import assert from 'node:assert/strict';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createTarGzip } from 'nanotar';
import { UserError } from '../../src/errors.ts';
import { cacheDirectory } from '../../src/writeback/exiftool/location.ts';
import { type Archive, isComplete, LIST_NAME, sha256, unpack } from '../../src/writeback/exiftool/unpack.ts';

/** More than one read, so that somebody who looks in between would see half of it. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  'exiftool': new TextEncoder().encode('#!/usr/bin/perl\n'),
  'lib/Image/Geolocation.dat': new Uint8Array(3_000_000).fill(7),
  'lib/empty.pm': new Uint8Array(),
};

/** An archive in a directory of its own, and where to unpack it. */
async function pack(): Promise<{ archive: Archive; cache: string; directory: string } & Disposable> {
  const root = await Deno.makeTempDir({ prefix: 'immich-unpack-' });
  const list = new TextEncoder().encode(
    Object.entries(FILES).map(([name, data]) => `${sha256(data)}  ${name}\n`).join(''),
  );
  const entries = Object.entries({ [LIST_NAME]: list, ...FILES }).map(([name, data]) => ({ name, data }));
  await Deno.writeFile(`${root}/a.tar.gz`, await createTarGzip(entries));
  const digest = sha256(list);
  return {
    archive: { location: pathToFileURL(`${root}/a.tar.gz`), digest },
    cache: `${root}/home/.cache/immich-sidecar`,
    directory: `${root}/home/.cache/immich-sidecar/thing-${digest.slice(0, 16)}`,
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

function contentOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(FILES).map((name) => [name, sha256(Deno.readFileSync(`${directory}/${name}`))]),
  );
}

const EXPECTED = Object.fromEntries(Object.entries(FILES).map(([name, data]) => [name, sha256(data)]));

Deno.test('it is unpacked once, to a directory that is named after its content', async () => {
  using packed = await pack();
  assert.equal(await unpack(packed.archive, packed.cache, 'thing'), packed.directory);
  assert.deepEqual(contentOf(packed.directory), EXPECTED);
  const before = Deno.statSync(packed.directory).ino;
  await Deno.remove(packed.archive.location); // what is there is enough
  assert.equal(await unpack(packed.archive, packed.cache, 'thing'), packed.directory);
  assert.equal(Deno.statSync(packed.directory).ino, before);
});

const DAMAGES: readonly (readonly [name: string, damage: (directory: string) => void])[] = [
  ['a file is cut off', (directory) => Deno.truncateSync(`${directory}/lib/Image/Geolocation.dat`, 5)],
  ['a bit of a file is another', (directory) => {
    using file = Deno.openSync(`${directory}/exiftool`, { write: true });
    file.writeSync(new Uint8Array([0x22]));
  }],
  ['a file is gone', (directory) => Deno.removeSync(`${directory}/lib/empty.pm`)],
  ['a directory is where a file was', (directory) => {
    Deno.removeSync(`${directory}/exiftool`);
    Deno.mkdirSync(`${directory}/exiftool/x`, { recursive: true });
  }],
  ['the list was changed to fit', (directory) => {
    Deno.writeTextFileSync(`${directory}/exiftool`, 'evil');
    Deno.writeTextFileSync(`${directory}/${LIST_NAME}`, `${sha256(new TextEncoder().encode('evil'))}  exiftool\n`);
  }],
  ['it is a file', (directory) => {
    Deno.removeSync(directory, { recursive: true });
    Deno.writeTextFileSync(directory, '');
  }],
];

for (const [name, damage] of DAMAGES) {
  Deno.test(`it is unpacked again when ${name}`, async () => {
    using packed = await pack();
    await unpack(packed.archive, packed.cache, 'thing');
    damage(packed.directory);
    assert.equal(await isComplete(packed.directory, packed.archive.digest), false);
    await unpack(packed.archive, packed.cache, 'thing');
    assert.deepEqual(contentOf(packed.directory), EXPECTED);
  });
}

Deno.test('what somebody who was killed has left is cleared away', async () => {
  using packed = await pack();
  Deno.mkdirSync(`${packed.cache}/unpacking/lib`, { recursive: true });
  Deno.writeTextFileSync(`${packed.cache}/unpacking/lib/half`, 'half');
  await unpack(packed.archive, packed.cache, 'thing');
  assert.deepEqual(contentOf(packed.directory), EXPECTED);
  assert.deepEqual([...Deno.readDirSync(packed.cache)].map(({ name }) => name).sort(), [
    'lock',
    packed.directory.slice(packed.cache.length + 1),
  ]);
});

Deno.test('instances that start at once all get the same, and one of them unpacks', async () => {
  using packed = await pack();
  const module = new URL('../../src/writeback/exiftool/unpack.ts', import.meta.url);
  const code = `
    import { unpack } from ${JSON.stringify(module)};
    const { location, digest, cache } = JSON.parse(Deno.args[0]);
    const directory = await unpack({ location: new URL(location), digest }, cache, 'thing');
    console.log(directory, Deno.statSync(directory).ino);`;
  const script = `${packed.cache}.ts`;
  Deno.mkdirSync(packed.cache, { recursive: true });
  Deno.writeTextFileSync(script, code);
  const config = new URL('../../deno.json', import.meta.url).pathname;
  const input = JSON.stringify({ ...packed.archive, cache: packed.cache });
  const args = ['run', '-A', '--no-check', '--quiet', '--config', config, script, input];
  const results = await Promise.all(
    Array.from({ length: 6 }, () => new Deno.Command(Deno.execPath(), { args }).output()),
  );
  const texts = results.map(({ stdout, stderr }) =>
    new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
  );
  assert.deepEqual(new Set(texts), new Set([`${packed.directory} ${Deno.statSync(packed.directory).ino}\n`]));
  assert.deepEqual(contentOf(packed.directory), EXPECTED);
});

Deno.test('an archive that is not the right one is refused, with a remedy, and leaves nothing that could be used', async () => {
  using packed = await pack();
  const other = { ...packed.archive, digest: '0'.repeat(64) };
  await assert.rejects(
    unpack(other, packed.cache, 'thing'),
    (error) => error instanceof UserError && /not what this program was built with/.test(error.message),
  );
  await Deno.truncate(fileURLToPath(packed.archive.location), 2000);
  await assert.rejects(unpack(packed.archive, packed.cache, 'thing'), UserError);
  const names = [...Deno.readDirSync(packed.cache)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.startsWith('thing')), []);
});

Deno.test("a cache that cannot be written is the user's to solve", async () => {
  using packed = await pack();
  Deno.mkdirSync(packed.cache.slice(0, packed.cache.lastIndexOf('/')), { recursive: true });
  Deno.writeTextFileSync(packed.cache, 'a file where the directory should be');
  await assert.rejects(
    unpack(packed.archive, packed.cache, 'thing'),
    (error) => error instanceof UserError && /XDG_CACHE_HOME/.test(error.remedy),
  );
});

Deno.test('it is unpacked to where each system keeps such things', () => {
  const on = (system: typeof Deno.build.os, variables: Record<string, string>) =>
    cacheDirectory({ get: (name) => variables[name] }, system);
  const HOME = '/home/alice';
  assert.equal(on('linux', { HOME }), '/home/alice/.cache/immich-sidecar');
  assert.equal(on('linux', { HOME, XDG_CACHE_HOME: '/cache' }), '/cache/immich-sidecar');
  assert.equal(on('linux', { XDG_CACHE_HOME: '', CACHE_DIRECTORY: '/var/cache/us' }), '/var/cache/us');
  assert.equal(on('darwin', { HOME: '/Users/alice' }), '/Users/alice/Library/Caches/immich-sidecar');
  assert.equal(on('windows', { LOCALAPPDATA: 'C:/Local', HOME }), 'C:/Local/immich-sidecar');
  assert.throws(() => on('linux', {}), UserError);
});
