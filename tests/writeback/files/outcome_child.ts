import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { planFiles } from '../../../src/writeback/plan_files.ts';
import { WriteProblem } from '../../../src/writeback/write_problem.ts';
import { Writer } from '../../../src/writeback/writer.ts';
import { ALL, RECORD } from './world.ts';

/** Writes one photo, and prints what became of it. */
const [path = '', scratchParent = ''] = Deno.args;
await using writer = await Writer.open({ workers: 1, exifToolPath: undefined, fields: ALL.fields, scratchParent });
for (const asset of await writer.look([{ path, realPath: path }])) {
  const { plans } = planFiles(RECORD, asset, { media: NOTHING_OWN, sidecar: NOTHING_OWN }, ALL);
  for (const plan of plans.filter(({ kind }) => kind === 'media')) {
    const outcome = await writer.apply(plan, () => {}).then(
      () => 'written',
      (error) => error instanceof WriteProblem ? error.outcome : String(error),
    );
    // deno-lint-ignore no-console
    console.log(outcome);
  }
}
