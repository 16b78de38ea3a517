import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import fc, { SEED } from '../../harness/drawing.ts';
import { makeFile } from '../files/media.ts';
import { photoWithEverything } from '../files/photo_with_everything.ts';
import { RECORD, World } from '../files/world.ts';
import { Comparison, type Difference } from './compare.ts';
import { mutatedJpeg } from './fuzz/jpeg.ts';
import { Choices, type Mutation } from './fuzz/random.ts';
import { mutatedXmp } from './fuzz/xmp.ts';
import { photosOfPrograms } from './photos_of_programs.ts';
import { xmpPackets } from './xmp_forms.ts';

/** How many files are compared: FUZZ=100000 for hours. */
const FILES = Number(Deno.env.get('FUZZ') ?? 400);
const BATCH = 40;

interface Base {
  readonly kind: 'jpg' | 'xmp';
  readonly bytes: Buffer;
  readonly mutation: Mutation<Buffer>;
}

/** What cameras, programs and this one leave behind. */
async function basesOf(comparison: Comparison): Promise<Base[]> {
  const photo = (bytes: Uint8Array): Base => ({ kind: 'jpg', bytes: Buffer.from(bytes), mutation: mutatedJpeg });
  const sidecar = (bytes: Uint8Array): Base => ({ kind: 'xmp', bytes: Buffer.from(bytes), mutation: mutatedXmp });
  await using world = await World.open();
  const path = await world.add('ours.jpg', photoWithEverything());
  await world.write(path, RECORD, { destination: 'both' });
  const ours = [photo(Deno.readFileSync(path)), sidecar(Deno.readFileSync(`${path}.xmp`))];
  return [
    photo(makeFile('jpg')),
    photo(photoWithEverything()),
    // Ours have all tags: they come more often.
    ...[ours, ours, ours].flat(),
    ...(await photosOfPrograms(comparison, 24, SEED)).map((one) => photo(Deno.readFileSync(one))),
    ...fc.sample(xmpPackets(), { numRuns: 16, seed: SEED }).map((text) => sidecar(new TextEncoder().encode(text))),
  ];
}

Deno.test('of files that are almost in order (FUZZ=number of files, SEED)', async () => {
  await using comparison = await Comparison.open();
  const choices = new Choices(SEED);
  const bases = await basesOf(comparison);
  const differences: Difference[] = [];
  for (let made = 0; made < FILES; made += BATCH) {
    const paths = Array.from({ length: BATCH }, () => {
      const { kind, bytes, mutation } = choices.of(bases);
      const path = comparison.newPath(kind);
      let mutant = bytes;
      // With more changes it says nothing of almost all of them.
      for (let times = choices.once(3) ? 2 : 1; times > 0; times--) mutant = mutation(mutant, choices);
      Deno.writeFileSync(path, mutant);
      return path;
    });
    for (const difference of await comparison.differences(paths)) {
      const kept = `${Deno.makeTempDirSync({ prefix: 'fuzz-' })}/${difference.path.split('/').at(-1)}`;
      Deno.copyFileSync(difference.path, kept);
      differences.push({ ...difference, path: kept });
    }
    for (const path of paths) Deno.removeSync(path);
  }
  assert.deepEqual(differences, [], `FUZZ=${FILES} SEED=${SEED}`);
  const { files, answered } = comparison.counts;
  // About a fifth, whatever the seed.
  assert.ok(answered > files / 20, `of ${files} files only ${answered} were read (SEED=${SEED})`);
});
