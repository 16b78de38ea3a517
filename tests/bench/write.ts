import { encodeJpeg, withCameraData } from '../../src/demo/library_generator/media/jpeg.ts';
import { BULK_CAMERA } from '../harness/bulk_library/plan.ts';
import { randomNumbers } from '../../src/demo/library_generator/media/random.ts';
import { writeFully } from '../../src/files/write_fully.ts';
import { type BenchLibrary, median, round, runChild, withBenchLibrary } from './library.ts';
import type { WriteChild } from './write_child.ts';
import { type Floor, measureFloor } from './write_floor.ts';

/** What `bench write` prints. */
export interface WriteBench {
  /** Photos of 1 MB that the whole program writes into, from the start of its ExifTools: reads, plans, writes, compares, flushes, remembers. */
  readonly embed: EmbedBench;
  /** The same with photos of 8 MB. */
  readonly embedLarge: EmbedBench;
  /** New sidecars for photos of 1 MB. */
  readonly sidecarPerSecond: number;
  /** Photos that a run takes from the database, finds on the disk and in the ledger, and leaves alone. */
  readonly noopPerSecond: number;
  /** Peak resident memory of the program in any of these runs, ExifTool aside. */
  readonly rssMiB: number;
}

/** Of several runs the median. */
interface EmbedBench {
  readonly perSecond: number;
  /** The same tags into copies of the same photos by as many ExifTools as the program has, kept open and fed ahead; nothing else. */
  readonly floorPerSecond: number;
  /** The same, and each copy has to be on the disk. */
  readonly flushedFloorPerSecond: number;
  /** How much of the floor was reached in each run. */
  readonly shares: readonly number[];
  /** Processor time for each photo in milliseconds: of the program, of its ExifTools, and of those of the floor. */
  readonly ownMs: number;
  readonly exifToolMs: number;
  readonly floorMs: number;
}

/** A noisy picture of this size makes a JPEG of about 1 MB, which is what a telephone's photo is cut down to by messengers. */
const USUAL: PhotoSize = Object.freeze({ photos: 400, width: 1_200, height: 900 });

/** 8 MB. Fewer of them, so that the disk has no more to do. */
const LARGE: PhotoSize = Object.freeze({ photos: 100, width: 3_400, height: 2_550 });

interface PhotoSize {
  readonly photos: number;
  readonly width: number;
  readonly height: number;
}

/** PostgreSQL as it comes, with room for the tables in memory. */
const SETTINGS = Object.freeze({ shared_buffers: '512MB', max_wal_size: '4GB' });

/**
 * @param known how many photos the run without changes looks at
 * @param runs how many times photos are written into
 */
export async function benchWrite(known: number, runs: number): Promise<WriteBench> {
  const large = await withPhotos(LARGE, (photos) => embedOften(photos, runs));
  return await withPhotos(USUAL, async (photos) => {
    const usual = await embedOften(photos, runs);
    const sidecar = await photos.run('write', 'sidecar');
    await photos.run('known', String(Math.ceil(known / USUAL.photos)));
    const noop = await photos.run('noop');
    return {
      embed: usual.result,
      embedLarge: large.result,
      sidecarPerSecond: round(sidecar.files / sidecar.seconds),
      noopPerSecond: Math.round(noop.files / noop.seconds),
      rssMiB: Math.max(large.rssMiB, usual.rssMiB, sidecar.rssMiB, noop.rssMiB),
    };
  });
}

/** Photos of one size, and how the program is run with them. */
interface Photos {
  readonly library: BenchLibrary;
  /** Puts them in place, as they were before they were written into. */
  readonly make: () => Promise<void>;
  readonly run: (...args: string[]) => Promise<WriteChild>;
}

function withPhotos<T>(size: PhotoSize, work: (photos: Photos) => Promise<T>): Promise<T> {
  return withBenchLibrary(size.photos, SETTINGS, async (library) => {
    const database = await library.clone('write');
    const run = (...args: string[]) => runChild<WriteChild>('./write_child.ts', database, library, args, []);
    const random = randomNumbers(1, 'bench write');
    const data = Uint8Array.from({ length: size.width * size.height * 4 }, () => random() * 256);
    const picture = encodeJpeg({ width: size.width, height: size.height, data });
    await run('prepare');
    return await work({ library, run, make: () => writePhotos(library, picture, size) });
  });
}

/** Floors and program take turns, so that what else the machine does weighs on all of them. */
async function embedOften(
  { library: { directory }, make, run }: Photos,
  runs: number,
): Promise<{ readonly result: EmbedBench; readonly rssMiB: number }> {
  await make();
  const plan = await run('plan', 'embed');
  const measured: { floor: Floor; flushed: Floor; program: WriteChild }[] = [];
  for (let number = 1; number <= runs; number++) {
    await make();
    const floor = await measureFloor(plan, directory, false);
    const flushed = await measureFloor(plan, directory, true);
    // Each has its own history; the last one's is that of the photos as they are then.
    const program = await run('write', 'embed', number === runs ? '' : String(number));
    measured.push({ floor, flushed, program });
  }
  const { length } = plan.plans;
  const middle = (of: (one: (typeof measured)[number]) => number) => round(median(measured.map(of)));
  const result = {
    perSecond: middle(({ program }) => length / program.seconds),
    floorPerSecond: middle(({ floor }) => length / floor.seconds),
    flushedFloorPerSecond: middle(({ flushed }) => length / flushed.seconds),
    shares: measured.map(({ floor, program }) => round(floor.seconds / program.seconds)),
    ownMs: middle(({ program }) => program.processor.own * 1000 / length),
    exifToolMs: middle(({ program }) => program.processor.children * 1000 / length),
    floorMs: middle(({ floor }) => floor.processorSeconds * 1000 / length),
  };
  return { result, rssMiB: Math.max(...measured.map(({ program }) => program.rssMiB)) };
}

/** Puts photos of another size in place of those that the library has, and waits until they are on the disk. */
async function writePhotos({ directory }: BenchLibrary, picture: Uint8Array, size: PhotoSize): Promise<void> {
  const root = `${directory}/external/alice/family/bulk`;
  for (const folder of Deno.readDirSync(root)) {
    for (const { name } of Deno.readDirSync(`${root}/${folder.name}`)) {
      const camera = { ...BULK_CAMERA, takenAt: `2020-01-01T00:00:${name.slice(-6, -4)}` };
      using file = Deno.openSync(`${root}/${folder.name}/${name}`, { write: true, truncate: true });
      writeFully(file, withCameraData(picture, camera, size));
      await file.sync();
    }
  }
}
