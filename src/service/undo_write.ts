import { count } from '../config/words.ts';
import type { LastWrite } from '../writeback/last_write.ts';
import type { Scheduler } from './scheduler.ts';
import { abortAfter, SLICE_MS } from './slice.ts';

/** What would be undone; a sentence when there is nothing. Changes nothing. Throws RefusedError when a run is at work elsewhere. */
export async function lookAtLastWrite(scheduler: Scheduler): Promise<LastWrite | string> {
  return await scheduler.aside(async (config) => {
    // Loaded when it is needed: a service that only shares does without.
    const { readLastWrite } = await import('../writeback/last_write.ts');
    return readLastWrite(config) ?? 'Nothing was written that could be undone.';
  });
}

/** Undoes what a run has written, a few minutes at a time with share cycles between. Returns what came of it, as a sentence. Throws UserError when there is nothing. */
export async function undoWrite(scheduler: Scheduler, run: number): Promise<string> {
  let undone = 0;
  while (true) {
    const { report, isOver } = await scheduler.aside(async (config, signal) => {
      scheduler.state.enter('writing');
      using end = abortAfter(SLICE_MS);
      const { undo } = await import('../writeback/undo.ts');
      const report = await undo(config, {
        scope: { runId: run, paths: [] },
        isDryRun: false,
        signal: AbortSignal.any([signal, end.signal]),
        confirm: () => true,
        onChange: () => {},
      });
      if (report === undefined) throw new Error('it was confirmed');
      return { report, isOver: signal.aborted };
    });
    undone += report.outcomes.undone;
    // What cannot be undone comes again with each part.
    if (report.interrupted && !isOver && report.outcomes.undone > 0) continue;
    const { 'undone-in-part': inPart, 'changed-since': since, failed } = report.outcomes;
    return [
      `Undid ${count(undone, 'file')} of run ${run}`,
      ...inPart > 0 ? [`${count(inPart, 'file')} in part, as the rest was changed since`] : [],
      ...since > 0 ? [`${count(since, 'file')} changed since and left alone`] : [],
      ...failed > 0 ? [`${count(failed, 'file')} failed`] : [],
      ...report.interrupted ? ['stopped before the end; undo it once more'] : [],
    ].join('; ') + '.';
  }
}
