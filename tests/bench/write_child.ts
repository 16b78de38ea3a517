import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect } from '../../src/postgres/connect.ts';
import { Ledger } from '../../src/writeback/ledger/ledger.ts';
import { Locator, pathRulesOf } from '../../src/writeback/locate.ts';
import { type FieldName, USUAL_FIELDS } from '../../src/writeback/fields/fields.ts';
import type { Destination } from '../../src/config/destination.ts';
import { MAPPING_VERSION } from '../../src/writeback/plan_files.ts';
import { databaseSource } from '../../src/writeback/records/database.ts';
import { digester } from '../../src/writeback/run/wanted.ts';
import type { AssetRecord } from '../../src/writeback/fields/record.ts';
import type { WritePlan } from '../../src/writeback/tags.ts';
import { writeBack, type WriteOptions } from '../../src/writeback/write_back.ts';
import { multiplyRows } from './multiply.ts';
import { peakRssMiB } from './peak_memory.ts';
import { type ProcessorTime, processorTime, processorTimeSince } from './processor_time.ts';

/** What this field prints. */
export interface WriteChild {
  readonly files: number;
  readonly seconds: number;
  readonly rssMiB: number;
  /** Processor time in seconds, and that of its ExifTools. */
  readonly processor: ProcessorTime;
  readonly plans: readonly WritePlan[];
}

const fields: readonly FieldName[] = [...USUAL_FIELDS, 'faces'];
const loaded = loadConfig({ env: process.env, cwd: Deno.cwd() });
const [task = '', argument = '', history = ''] = Deno.args;

function configOf(destination: Destination): typeof loaded {
  const stateDirectory = `${Deno.cwd()}/state-${destination}${history}`;
  return { ...loaded, write: { ...loaded.write, source: 'database', destination, stateDirectory, settleSeconds: 0 } };
}

const plans: WritePlan[] = [];
const options: WriteOptions = {
  fields,
  isDryRun: task === 'plan',
  isResume: false,
  clearCheckpoint: false,
  clearAlbumCache: false,
  since: undefined,
  signal: new AbortController().signal,
  progress: { isShown: false, start: () => {}, advance: () => {}, stop: () => {} },
  onPlan: (_, plan) => {
    if (task === 'plan') plans.push(plan);
  },
};

if (task === 'prepare') await describePhotos();
if (task === 'known') await makeKnown(Number(argument));
const destination = task === 'write' || task === 'plan' ? argument as Destination : 'embed';
let [files, seconds] = [0, 0];
const before = processorTime();
if (task !== 'prepare' && task !== 'known') {
  const report = await writeBack(configOf(destination), options);
  if (report.outcomes.failed > 0) throw new Error(JSON.stringify(report.troubles));
  files = task === 'noop' ? report.outcomes.unchanged : report.outcomes.written;
  seconds = report.seconds;
}
const result: WriteChild = { files, seconds, rssMiB: peakRssMiB(), processor: processorTimeSince(before), plans };
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));

/** Every photo gets something for every field. */
async function describePhotos(): Promise<void> {
  const sql = await connect(loaded.database);
  await sql`
    UPDATE asset_exif
    SET description = 'A day at the sea, number ' || abs(hashtext("assetId"::text)),
        latitude = 43.7 + random() / 10,
        longitude = 7.25 + random() / 10,
        rating = 1 + abs(hashtext("assetId"::text)) % 5`;
  await sql.end();
}

/** Multiplies the library, with a small file for each photo, and has the ledger know all of it as if it had been written. */
async function makeKnown(times: number): Promise<void> {
  const { captionMaxLength, timeZone, batchSize, regions } = loaded.write;
  const config = configOf('embed');
  const sql = await connect(loaded.database);
  await multiplyRows(sql, times, ['public.asset', 'public.asset_exif', 'public.asset_face'], 'other files');
  await sql`VACUUM ANALYZE`;
  const source = await databaseSource(sql, { userIds: [], batchSize });
  const locator = new Locator(pathRulesOf(config, '/data'));
  const digest = digester({ fields, destination: 'embed', captionMaxLength, timeZone, regions }, MAPPING_VERSION);
  using ledger = Ledger.open(config.write.stateDirectory);
  for await (const page of source.pages({ fields })) {
    for (const item of page) {
      if (item.kind === 'mirror') continue;
      remember(ledger, locator, item.record, digest(item.record));
    }
  }
  await sql.end();
}

function remember(ledger: Ledger, locator: Locator, record: AssetRecord, wanted: string): void {
  const path = locator.toLocal(record.originalPath) ?? '';
  if (/\.\d+$/.test(path)) Deno.writeTextFileSync(path, path);
  else Deno.removeSync(`${path}.xmp`);
  const file = locator.locate(record.originalPath);
  if (!file.isFound) throw new Error(`${path} is not there`);
  ledger.commits.later(() =>
    ledger.files.save({
      path: file.realPath,
      assetId: record.assetId,
      runId: 0,
      wanted,
      stamp: file.stamp,
      sidecar: undefined,
      outcome: 'written',
      reason: undefined,
      isShared: false,
      instead: undefined,
    })
  );
}
