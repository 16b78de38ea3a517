import type { Prediction } from './prediction.ts';
import type { Row } from './state.ts';

/** What commands have said since: a decision that they have lifted is none any more. */
export function heedCommands({ before: { own }, memory }: Prediction): void {
  const keys = (table: string, isMeant: (row: Row) => boolean = () => true) =>
    new Set((own[table] ?? []).filter(isMeant).map((row) => `${row['source_asset_id']} ${row['target_user_id']}`));
  const [refused, duplicates] = [keys('withdrawn'), keys('skipped', (row) => row['reason'] === 'duplicate')];
  memory.refused = new Set([...memory.refused].filter((key) => refused.has(key)));
  memory.duplicates = new Set([...memory.duplicates].filter((key) => duplicates.has(key)));
  memory.wanted = keys('wanted');
}

/** Files of no mirror go: those that the journal knows, and those in the hidden directory of a job. */
export function removeLitter({ files, jobs }: Prediction): void {
  for (const path of [...files.keys()]) {
    const isStray = jobs.some(({ targetPathPrefix }) => path.startsWith(`${targetPathPrefix}stray-`));
    if (isStray || path.includes('litter-')) files.delete(path);
  }
}
