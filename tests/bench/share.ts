import type { CycleReport } from '../../src/share/cycle/report.ts';
import { onServer } from '../harness/server_databases.ts';
import { round, runChild, withBenchLibrary } from './library.ts';
import { linkFloor, writeFloor } from './share_floor.ts';

/** What `bench share` prints. */
export interface ShareBench {
  readonly assets: number;
  readonly faces: number;
  readonly links: number;
  /** One cycle of the program in a process of its own, without the start of that process. */
  readonly seconds: number;
  /** The same rows of Immich's tables, written by one INSERT … SELECT per table in one transaction. */
  readonly floorSeconds: number;
  readonly ratioToFloor: number;
  /** The same rows, and then as many files linked, one after the other. */
  readonly floorWithLinksSeconds: number;
  readonly ratioToFloorWithLinks: number;
  /** Peak resident memory of the program. */
  readonly rssMiB: number;
}

/** Room for the tables in memory. */
const SETTINGS = Object.freeze({ shared_buffers: '512MB', max_wal_size: '4GB' });

/** Measures the first copy of a library, with a fresh database for each of the two measurements. */
export async function benchShare(assets: number): Promise<ShareBench> {
  return await withBenchLibrary(assets, SETTINGS, async (library) => {
    const floorDatabase = await library.clone('floor');
    const floorSeconds = await onServer(
      library.url,
      floorDatabase.name,
      (sql) => writeFloor(sql, library.accounts),
    );
    const linked = await linkFloor(library.directory, `${library.directory}-floor`);
    await Deno.remove(`${library.directory}-floor`, { recursive: true });
    const floorWithLinksSeconds = floorSeconds + linked.seconds;
    const { report, rssMiB } = await runChild<{ report: CycleReport; rssMiB: number }>(
      './share_child.ts',
      await library.clone('share'),
      library,
    );
    const [job] = report.jobs;
    if (job?.created !== assets) throw new Error(`only ${job?.created} of ${assets} assets were mirrored`);
    if (linked.links < job.links) throw new Error(`the floor has ${linked.links} links, the program ${job.links}`);
    return {
      assets,
      faces: job.faces,
      links: job.links,
      seconds: round(report.seconds),
      floorSeconds: round(floorSeconds),
      ratioToFloor: round(report.seconds / floorSeconds),
      floorWithLinksSeconds: round(floorWithLinksSeconds),
      ratioToFloorWithLinks: round(report.seconds / floorWithLinksSeconds),
      rssMiB,
    };
  });
}
