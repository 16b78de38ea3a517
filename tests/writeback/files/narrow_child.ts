import { planFiles } from '../../../src/writeback/plan_files.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { Writer } from '../../../src/writeback/writer.ts';
import { ALL, RECORD } from './world.ts';

/** Writes one photo, with as few permissions as possible. */
const [path = '', scratchParent = ''] = Deno.args;
await using writer = await Writer.open({ workers: 1, exifToolPath: undefined, fields: ALL.fields, scratchParent });
for (const asset of await writer.look([{ path, realPath: path }])) {
  const { plans } = planFiles(RECORD, asset, { media: NOTHING_OWN, sidecar: NOTHING_OWN }, ALL);
  for (const plan of plans) await writer.apply(plan, () => {});
}
