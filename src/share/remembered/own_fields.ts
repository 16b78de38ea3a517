import type { Sql } from '../../postgres/connect.ts';
import { inSlices } from '../cycle/slices.ts';
import type { Tools } from '../cycle/tools.ts';
import { compareFields } from '../mirrors/row_differences.ts';
import { judgeFields, readSidecarPair } from '../mirrors/sidecars.ts';
import { ENDED, type Withdrawal } from '../mirrors/withdrawal.ts';

/** Field groups that the target's owner has changed, each with what it is worth then, as groupSum says it. */
export type OwnFields = Readonly<Record<string, string>>;

/** What is to be noted when these fields are theirs. Pure. */
export function ownFields(
  theirs: readonly string[],
  { sums, noted }: { readonly sums: OwnFields; readonly noted: readonly string[] },
): OwnFields {
  const news = theirs.filter((name) => !noted.includes(name));
  return Object.fromEntries(news.flatMap((name) => sums[name] === undefined ? [] : [[name, sums[name]]]));
}

/**
 * Notes which fields of mirrors that are about to go were changed by their owner since the last cycle, for which their sidecars have to be read: call
 * it while these are there.
 */
export async function noteOwnFields(
  { database, schema, files }: Pick<Tools, 'database' | 'schema' | 'files'>,
  withdrawals: readonly Withdrawal[],
): Promise<void> {
  const ids = withdrawals.filter(({ reason }) => !ENDED.has(reason)).map(({ mirrorAssetId }) => mirrorAssetId);
  if (ids.length === 0) return;
  const differences = await compareFields(database.sql, schema, ids);
  const hasLocks = schema.has('asset_exif', 'lockedProperties');
  const found: { mirrorAssetId: string; own: OwnFields }[] = [];
  await inSlices(differences, ({ mirrorAssetId, mirrorSidecar, sourceSidecar, sums, noted, ...evidence }) => {
    const pair = readSidecarPair(files, mirrorSidecar, sourceSidecar);
    const own = ownFields(judgeFields(pair, { ...evidence, hasLocks }).theirs, { sums, noted });
    if (Object.keys(own).length > 0) found.push({ mirrorAssetId, own });
  });
  if (found.length > 0) await database.transaction((tx) => note(tx, found));
}

async function note(tx: Sql, found: readonly { readonly mirrorAssetId: string; readonly own: OwnFields }[]) {
  await tx`
    UPDATE immich_sidecar.asset_map m
    SET own_fields = coalesce(m.own_fields, '{}') || found.own
    FROM jsonb_to_recordset(${tx.json(found as never)}) AS found ("mirrorAssetId" uuid, own jsonb)
    WHERE m.mirror_asset_id = found."mirrorAssetId"`;
}
