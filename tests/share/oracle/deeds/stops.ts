import type { JobConfig } from '../../../../src/config/config.ts';
import { liftStops, readStops } from '../../../../src/share/stops/stops.ts';
import type { Job } from '../../../../src/share/jobs/job.ts';
import { deleteAsset } from './photos.ts';
import { type Deeds, traced } from './scene.ts';

/** A target's "no" to a whole share, and what lifts it. Each leaves little for other deeds to happen to. */
export const STOP_DEEDS: Deeds = {
  // From: LibraryService.handleDeleteLibrary (v3.1.0: services/library.service.ts): the library, then its assets one by one, whose originals stay.
  deleteSharedLibrary: traced(async (scene) => {
    const { home, sql } = scene;
    const job = scene.one(home.config.jobs);
    if (job === undefined) return;
    const { targetLibraryId: id } = job;
    const shared = await sql<{ job: string; source: string }[]>`
      SELECT DISTINCT m.job_name AS job, m.source_user_id AS source
      FROM immich_sidecar.asset_map m
      JOIN asset mirror ON mirror.id = m.mirror_asset_id AND mirror."libraryId" = ${id}
      WHERE m.deleted_at IS DISTINCT FROM '-infinity'`;
    // Of a job that has made nothing there nothing would tell that there was a share: its library is missing.
    const isShared = ({ name, sourceUserId }: JobConfig) =>
      shared.some(({ job, source }) => job === name && source === sourceUserId);
    if (!home.config.jobs.filter(({ targetLibraryId }) => targetLibraryId === id).every(isShared)) return;
    await sql`UPDATE library SET "deletedAt" = now() WHERE id = ${id}`;
    const mirrors = await scene.assets(sql`a."libraryId" = ${id}`);
    for (const mirror of mirrors) {
      const [isThere] = await sql`SELECT FROM asset WHERE id = ${mirror.id}`;
      if (isThere !== undefined) await deleteAsset(home, mirror, { onDisk: false });
    }
    const { count } = await sql`DELETE FROM library WHERE id = ${id}`;
    return count === 0
      ? undefined
      : `${
        scene.nameOf(job.targetUserId)
      } deletes the library of the job "${job.name}", with ${mirrors.length} mirrors`;
  }),
  liftStop: traced(async (scene) => {
    const { home, sql } = scene;
    const stop = scene.one(await readStops(sql, home.config.jobs as readonly Job[]));
    const job = home.config.jobs.find(({ name }) => name === stop?.job);
    if (stop === undefined || job === undefined) return;
    await home.provideLibrary(job);
    await liftStops(sql, [stop]);
    return `the job "${job.name}" is to be shared again`;
  }),
};
