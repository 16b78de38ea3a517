import { encodeJpeg, withCameraData } from '../../src/demo/library_generator/media/jpeg.ts';
import { BULK_CAMERA } from '../harness/bulk_library/plan.ts';
import { randomNumbers } from '../../src/demo/library_generator/media/random.ts';
import { type BenchLibrary, round, runChild, withBenchLibrary } from './library.ts';
import type { WriteChild } from './write_child.ts';
import { measureFloor } from './write_floor.ts';

/** What `bench write` prints. */
export interface WriteBench {
  /** Photos of 1 MB that the whole program writes into, its start aside: reads, plans, writes, compares, flushes, remembers. */
  readonly embedPerSecond: number;
  /** The same tags into copies of the same photos by as many ExifTools as the program has, kept open and fed ahead; nothing else. */
  readonly embedFloorPerSecond: number;
  /** New sidecars for the same photos. */
  readonly sidecarPerSecond: number;
  /** Photos that a run takes from the database, finds on the disk and in the ledger, and leaves alone. */
  readonly noopPerSecond: number;
  /** Peak resident memory of the program in any of these runs, ExifTool aside. */
  readonly rssMiB: number;
}

/** Photos that are written. */
const WRITTEN = 400;

/** A noisy picture of this size makes a JPEG of about 1 MB, which is what a telephone's photo is cut down to by messengers. */
const SIZE = Object.freeze({ width: 1_200, height: 900 });

/** PostgreSQL as it comes, with room for the tables in memory. */
const SETTINGS = Object.freeze({ shared_buffers: '512MB', max_wal_size: '4GB' });

/** @param known how many photos the run without changes looks at */
export async function benchWrite(known: number): Promise<WriteBench> {
  return await withBenchLibrary(WRITTEN, SETTINGS, async (library) => {
    writePhotos(library);
    const database = await library.clone('write');
    const run = (...args: string[]) => runChild<WriteChild>('./write_child.ts', database, library, args, []);
    await run('prepare');
    const { seconds: floorSeconds } = await measureFloor(await run('plan', 'embed'), library.directory);
    const embed = await run('write', 'embed');
    const sidecar = await run('write', 'sidecar');
    await run('known', String(Math.ceil(known / WRITTEN)));
    const noop = await run('noop');
    return {
      embedPerSecond: round(embed.files / embed.seconds),
      embedFloorPerSecond: round(embed.files / floorSeconds),
      sidecarPerSecond: round(sidecar.files / sidecar.seconds),
      noopPerSecond: Math.round(noop.files / noop.seconds),
      rssMiB: Math.max(embed.rssMiB, sidecar.rssMiB, noop.rssMiB),
    };
  });
}

/** Puts large photos in place of the small ones that the library has. */
function writePhotos({ directory }: BenchLibrary): void {
  const random = randomNumbers(1, 'bench write');
  const data = Uint8Array.from({ length: SIZE.width * SIZE.height * 4 }, () => random() * 256);
  const picture = encodeJpeg({ ...SIZE, data });
  const root = `${directory}/external/alice/family/bulk`;
  for (const folder of Deno.readDirSync(root)) {
    for (const { name } of Deno.readDirSync(`${root}/${folder.name}`)) {
      const camera = { ...BULK_CAMERA, takenAt: `2020-01-01T00:00:${name.slice(-6, -4)}` };
      Deno.writeFileSync(`${root}/${folder.name}/${name}`, withCameraData(picture, camera, SIZE));
    }
  }
}
