import { planFiles } from '../../../src/writeback/plan_files.ts';
import { NOTHING_OWN } from '../../../src/writeback/fields/values.ts';
import { Writer } from '../../../src/writeback/writer.ts';
import { ALL, RECORD } from './world.ts';

/** Writes all photos of a directory over and over until it is killed; every temporary file is put on record before it is made. */
const [directory = '', log = '', round = '', scratchParent = ''] = Deno.args;
const paths = [...Deno.readDirSync(directory)].map(({ name }) => `${directory}/${name}`)
  .filter((path) => path.endsWith('.jpg') && !path.includes('/.'));
await using writer = await Writer.open({
  workers: 2,
  exifToolPath: undefined,
  fields: ALL.fields,
  scratchParent,
});
for (let turn = 0;; turn++) {
  const record = { ...RECORD, description: `description ${round}${turn}` };
  const seen = await writer.look(paths.map((path) => ({ path, realPath: path })));
  await Promise.all(seen.map(async (asset) => {
    const { plans } = planFiles(record, asset, { media: NOTHING_OWN, sidecar: NOTHING_OWN }, ALL);
    for (const plan of plans) {
      await writer.apply(
        plan,
        ({ temporaryPath }) => Deno.writeTextFileSync(log, `${temporaryPath}\n`, { append: true }),
      );
    }
  }));
  // deno-lint-ignore no-console
  console.log(turn);
}
