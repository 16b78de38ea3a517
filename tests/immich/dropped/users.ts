import { examine } from '../../../src/doctor/examine.ts';
import { CHECKS } from '../../../src/doctor/checks.ts';
import type { Config } from '../../../src/config/config.ts';
import { RefusedError } from '../../../src/errors.ts';
import type { Connection, Sql } from '../../../src/postgres/connect.ts';
import type { CycleReport } from '../../../src/share/cycle/report.ts';
import type { View } from '../../../src/share/cycle/tools.ts';
import { planOnly } from '../../../src/share/plan_only.ts';
import { type Sharing, withSharing } from '../../../src/share/share.ts';
import { applyUnshare, planUnshare } from '../../../src/share/undo/unshare.ts';
import { planDedup } from '../../../src/share/undo/dedup.ts';
import { planForget } from '../../../src/share/undo/forget.ts';
import { readShareStatus } from '../../../src/status/share.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { databaseSource } from '../../../src/writeback/records/database.ts';
import type { Dropped } from './account.ts';
import { tellCounts } from '../../share/idle.ts';

/** A part of the program that reads or writes Immich's tables. What it returns is compared with what it says of an unspoilt copy. */
export interface User {
  readonly name: string;
  /** Whether it writes: then what it makes is compared as well. */
  readonly isWriter?: true;
  /** Whether what it says depends on what the sync has made. */
  readonly isAfterSync?: false;
  /** Whether it begins as others do that come before it, so that it refuses whatever these refuse. */
  readonly isLikeOthers?: true;
  /** @param refused what was dropped, if the sync refuses to work without */
  use(sql: Connection, config: Config, refused: Dropped | undefined): Promise<unknown>;
}

/** In the order in which they are tried on one copy. */
export const USERS: readonly User[] = [
  { name: 'write-back', isAfterSync: false, use: readRecords },
  { name: 'sync', isWriter: true, isAfterSync: false, use: sync },
  { name: 'status', use: (sql, config) => planOnly(sql, config, undefined, status) },
  { name: 'doctor', use: doctor },
  { name: 'dedup', isLikeOthers: true, use: (sql, config) => planOnly(sql, config, undefined, dedup) },
  { name: 'forget', isLikeOthers: true, use: (sql, config) => planOnly(sql, config, undefined, forget) },
  { name: 'unshare', isWriter: true, use: unshare },
  // Everything is made anew, in whatever state it is.
  { name: 'sync after an unshare', isWriter: true, isLikeOthers: true, use: sync },
];

async function readRecords(sql: Connection): Promise<unknown> {
  const source = await databaseSource(sql, { userIds: [], batchSize: 1_000 });
  const items = [];
  for (const since of [undefined, new Date(0)]) {
    for await (const page of source.pages({ fields: FIELD_NAMES, since })) items.push(...page);
  }
  return [await source.count({ fields: [] }), items];
}

/** A full cycle, and one that follows a few changes. */
async function sync(sql: Connection, config: Config): Promise<unknown> {
  return await withSharing(sql, config, 'test', async (sharing: Sharing) => {
    const full = await sharing.cycle({ progress: SILENT, isFull: true });
    await sql`
      UPDATE asset SET "isFavorite" = NOT "isFavorite"
      WHERE id IN (SELECT mirror_asset_id FROM immich_sidecar.asset_map)`;
    await sql`UPDATE person SET name = 'New ' || name WHERE name <> ''`;
    await sql`UPDATE asset_face SET "sourceType" = "sourceType"`;
    await tellCounts(sql);
    const following = await sharing.cycle({ progress: SILENT });
    return [full, following].map(countsOf);
  });
}

/**
 * What was done, but for how many rows followed: what follows may be the very column that was dropped. A cycle over changes counts where
 * everything stands when there is time for it.
 */
function countsOf({ jobs, brakes, complete, scope }: CycleReport): unknown {
  const counted = jobs.map(({ rowsUpdated: _rows, facesUpdated: _faces, standing, ...counts }) => ({
    ...counts,
    standing: scope === 'everything' ? standing : undefined,
  }));
  return { jobs: counted, brakes, complete, scope };
}

async function status(...args: Parameters<typeof readShareStatus>): Promise<unknown> {
  const { jobs, totals, brakes } = await readShareStatus(...args);
  return { jobs, totals, brakes };
}

async function dedup(sql: Sql, context: Pick<View, 'jobs' | 'schema'>): Promise<unknown> {
  return [await planDedup(sql, context, { matchTime: false }), await planDedup(sql, context, { matchTime: true })];
}

async function forget(sql: Sql, context: Pick<View, 'jobs'>): Promise<unknown> {
  return (await planForget(sql, context, {})).map(({ since: _, ...decision }) => decision);
}

/**
 * What looks at tables: what is wrong. None may say that something could not be looked at, but it may say that it left something out;
 * where the sync refuses, one must fail and name it, as the sync does, and that is all that is compared.
 */
async function doctor(_: Connection, config: Config, refused: Dropped | undefined): Promise<unknown> {
  const checks = CHECKS.filter(({ group }) => ['immich', 'jobs', 'files', 'mirrors'].includes(group));
  const findings = await examine({ load: () => config, env: {}, isThorough: true, progress: SILENT }, checks);
  const broken = findings.filter(({ message }) => message.startsWith('This could not be looked at'));
  if (broken.length > 0) throw new Error(broken.map(({ check, message }) => `${check}: ${message}`).join('\n'));
  if (refused === undefined) {
    return findings.map(({ check, status }) => `${check} ${status === 'skipped' ? 'ok' : status}`);
  }
  const told = findings.filter(({ check, status }) => check === 'immich.schema' && status === 'fail');
  throw new RefusedError(told.map(({ message }) => message).join('\n'), { problemCode: 'database-schema', remedy: '' });
}

async function unshare(sql: Connection, config: Config): Promise<unknown> {
  return await withSharing(
    sql,
    config,
    'test',
    (sharing) =>
      sharing.apply(async (tools, view) => await applyUnshare(tools, await planUnshare(sql, view, {}), () => {})),
  );
}

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
