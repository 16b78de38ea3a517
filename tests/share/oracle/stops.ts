import type { Mirror } from './memory.ts';
import type { Prediction } from './prediction.ts';
import { isLockedFor } from './selection.ts';

/**
 * A target who deletes the library of what is shared with them stops the share. Its mirrors are gone; what is left of them stays as it is, for as long as
 * the share is configured and the source is there and nobody has locked it.
 */
export function heedStops(prediction: Prediction): void {
  const { before: { own }, records, memory, undecided } = prediction;
  const isThere = (id: string) => records.find('library', (row) => row['id'] === id && row['deletedAt'] === null);
  const isLost = (mirror: Mirror) => records.asset(mirror.id) === undefined;
  const rows = own['asset_map'] ?? [];
  const asked = new Set(rows.filter((row) => row['deleted_at'] === '-infinity').map((row) => row['mirror_asset_id']));

  const noted = new Set((own['share'] ?? []).filter((row) => row['stopped_at'] !== null).map((row) => row['job_name']));
  for (const name of memory.stopped) if (!noted.has(name)) memory.stopped.delete(name);
  const all = [...memory.mirrors, ...memory.parked];
  for (const { name, targetLibraryId } of prediction.configured) {
    const isOf = ({ id, job }: Mirror) => job.name === name && !asked.has(id);
    if (isThere(targetLibraryId) === undefined && all.some(isOf)) memory.stopped.add(name);
  }

  const configured = new Set(prediction.configured.map(({ name }) => name));
  const stays = (mirror: Mirror) => {
    const source = records.asset(mirror.sourceId);
    return memory.stopped.has(mirror.job.name) && configured.has(mirror.job.name) && source !== undefined &&
      !isLockedFor(prediction, mirror.targetId, source);
  };
  memory.mirrors = all.filter((mirror) => !isLost(mirror));
  memory.parked = [];
  for (const mirror of all.filter(isLost)) {
    if (!asked.has(mirror.id) && stays(mirror)) {
      memory.parked.push(mirror);
      continue;
    }
    memory.mirrors.push(mirror);
    if (asked.has(mirror.id) || memory.stopped.has(mirror.job.name)) undecided.add(mirror.id);
  }
}
