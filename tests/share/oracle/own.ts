import type { Prediction } from './prediction.ts';
import type { Row } from './state.ts';
import { heedResolutions } from './typed.ts';

/** What commands have said since: a decision that they have lifted is none any more. */
export function heedCommands(prediction: Prediction): void {
  const { before: { own }, memory } = prediction;
  heedResolutions(prediction);
  const keys = (table: string, isMeant: (row: Row) => boolean = () => true) =>
    new Set((own[table] ?? []).filter(isMeant).map((row) => `${row['source_asset_id']} ${row['target_user_id']}`));
  const [refused, duplicates] = [keys('withdrawn'), keys('skipped', (row) => row['reason'] === 'duplicate')];
  memory.refused = new Set([...memory.refused].filter((key) => refused.has(key)));
  memory.duplicates = new Set([...memory.duplicates].filter((key) => duplicates.has(key)));
  memory.wanted = keys('wanted');
  for (const row of own['job'] ?? []) {
    const way = memory.ways.get(String(row['job_name']));
    if (way !== undefined && row['confirmed_at'] !== null) {
      memory.ways.set(String(row['job_name']), { ...way, isConfirmed: true });
    }
  }
}

/**
 * A file that the journal has lost is found again by its second name; what the target has put into its place since has none, and so has all
 * that is left of a source that was deleted. Of a mirror of which nothing is found nobody knows where it is at home: its files stay.
 */
export function loseFiles({ before: { own, files, elsewhere }, memory, lost }: Prediction): void {
  const known = new Set((own['link'] ?? []).map((row) => `${row['mirror_id']} ${row['path']}`));
  const names = Map.groupBy(files.values(), ({ inode }) => inode);
  for (const mirror of [...memory.mirrors, ...memory.parked]) {
    for (const path of [...mirror.files]) {
      const file = files.get(path);
      const isOnly = file !== undefined && names.get(file.inode)?.length === 1 && !elsewhere.has(file.inode);
      if (isOnly && !known.has(`${mirror.id} ${path}`) && mirror.files.delete(path) && mirror.files.size === 0) {
        lost.add(mirror.id);
      }
    }
  }
}

/** Files of no mirror go: those that the journal knows, and those in the hidden directory of a job that is not stopped. */
export function removeLitter({ files, jobs }: Prediction): void {
  for (const path of [...files.keys()]) {
    const isStray = jobs.some(({ targetPathPrefix }) => path.startsWith(`${targetPathPrefix}stray-`));
    if (isStray || path.includes('litter-')) files.delete(path);
  }
}
