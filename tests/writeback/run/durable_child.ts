import { Ledger } from '../../../src/writeback/ledger/ledger.ts';
import { LazyWriter } from '../../../src/writeback/open_writer.ts';
import { AssetWork } from '../../../src/writeback/run/asset_work.ts';
import { toStamp } from '../../../src/writeback/files.ts';
import { Sidecars } from '../../../src/writeback/sidecar_choice.ts';
import { timesOf } from '../../../src/writeback/settled.ts';
import { ALL, RECORD } from '../files/world.ts';

/** Writes one photo, into it and into a new sidecar, as a run does. Arguments: the photo, the directory of the ledger. */
const [path = '', state = ''] = Deno.args;
// What can wait is written after a second: not in this one.
performance.now = () => 0;
using ledger = Ledger.open(state);
const runId = ledger.runs.start('{}', 'now');
await using writer = new LazyWriter({ workers: 1, exiftoolPath: undefined }, ALL.fields, state);
const work = new AssetWork({
  sidecars: new Sidecars('photo.jpg.xmp'),
  ...{ writer, ledger, runId, signal: new AbortController().signal, onPlan: () => {} },
  plan: { ...ALL, destination: 'both' },
  settleSeconds: 0,
  tree: undefined,
});
const info = Deno.lstatSync(path);
const file = { isFound: true, path, realPath: path, stamp: toStamp(info), times: timesOf(info) } as const;
const item = { kind: 'record', record: RECORD, isShared: false } as const;
const base = { item, record: RECORD, file, sidecar: undefined, inTree: undefined };
const task = { ...base, fields: ALL.fields, isShared: false, known: undefined, wanted: 'digest' };
const [ending] = await work.run([task]);
ledger.commits.now();
if (ending?.outcome !== 'written') throw new Error(JSON.stringify(ending));
