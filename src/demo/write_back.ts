import type { Config } from '../config/config.ts';
import { FIELD_NAMES } from '../writeback/fields/fields.ts';
import type { WriteReport } from '../writeback/run/report.ts';
import type { TagChange, WritePlan } from '../writeback/tags.ts';
import { writeBack } from '../writeback/write_back.ts';

/** What write-back did in the demo. */
export interface DemoWriteBack {
  readonly first: WriteReport;
  /** The same again: nothing may be left to write. */
  readonly second: WriteReport;
  /** What was written into one photo. */
  readonly example: { readonly path: string; readonly changes: readonly TagChange[] };
}

/**
 * Writes what the database of the demo knows into its files, twice.
 *
 * @param examplePath the photo to show
 */
export async function demoWriteBack(config: Config, examplePath: string): Promise<DemoWriteBack> {
  const changes: TagChange[] = [];
  const onPlan = (_: unknown, plan: WritePlan) => {
    if (plan.path === examplePath) changes.push(...plan.changes);
  };
  const run = () =>
    writeBack({ ...config, write: { ...config.write, source: 'database' } }, {
      fields: FIELD_NAMES,
      isDryRun: false,
      isResume: false,
      clearCheckpoint: false,
      clearAlbumCache: false,
      since: undefined,
      signal: new AbortController().signal,
      progress: { isShown: false, start: () => {}, advance: () => {}, stop: () => {} },
      onPlan,
    });
  return { first: await run(), second: await run(), example: { path: examplePath, changes } };
}
