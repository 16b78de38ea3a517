import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { count, minuteOf } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import {
  applyUndoMerge,
  planUndoMerge,
  type UndoMergePlan,
  type UndoMergeResult,
} from '../share/both_ways/undo_merge.ts';
import { describeWrittenChange } from '../share/both_ways/words.ts';
import type { WrittenChoice } from '../share/both_ways/written.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions } from './confirmed.ts';
import { listProblems } from './list_problems.ts';
import { type Environment, print, printJson } from './output.ts';
import { momentOf } from './since.ts';

interface UndoMergeOptions extends ConfirmedOptions {
  readonly since?: string;
  readonly job?: string;
  readonly dryRun?: boolean;
}

/** `immich-sidecar undo-merge`: takes out of originals what recipients have changed. */
export function undoMergeCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('undo-merge')
    .description('Undo what recipients have changed and both_ways or favorites has written into originals')
    .option('--since <when>', 'what was written since then: 2026-12-01, 2026-12-01T18:00Z, or 30m, 12h, 7d ago')
    .option('--job <name>', 'only what this share has written, whether it is still configured or not')
    .option('--dry-run', 'print what would be done and change nothing')
    .addHelpText('after', EXAMPLES);
  return confirmed<UndoMergeOptions>(command, env, onExit, undoMerge, ({ since }) => {
    if (since !== undefined) return momentOf(since);
    throw new UserError('It is not said since when.', {
      problemCode: 'usage',
      remedy: 'Write --since with a day, a moment, or how long ago: --since 2026-12-01, --since 12h.',
    });
  });
}

const EXAMPLES = `
Examples:
  immich-sidecar status --written-to-source       what was written into originals, and when?
  immich-sidecar undo-merge --since 12h --dry-run
  immich-sidecar undo-merge --since 2026-12-01 --job family

An original gets back what it said before, unless somebody has changed it since: that is
listed and stays. What the recipient has typed stays on their side, as a conflict: it is not
written again before somebody decides (immich-sidecar resolve). Stop the service first.`;

async function undoMerge(
  sql: Connection,
  config: Config,
  { since = '', job, dryRun, json }: UndoMergeOptions,
  consent: Consent,
): Promise<number> {
  const choice: WrittenChoice = { since: momentOf(since), job };
  const plan = await planOnly(sql, config, undefined, (tx, { schema }) => planUndoMerge(tx, schema, choice));
  if (dryRun || plan.back.length === 0) {
    if (json) printJson({ ...dryRun ? { dryRun: true } : {}, ...reportOf(plan), ...dryRun ? {} : NOTHING });
    else print(`${describePlan(plan)}${dryRun ? 'Nothing was changed.\n' : 'There is nothing to undo.\n'}`);
    return exitOf(plan);
  }
  if (!consent.isGiven(describePlan(plan), 'Undo this?')) return EXIT.ok;
  const { now, result } = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools) => {
      const now = await planUndoMerge(tools.database.sql, tools.schema, choice);
      return { now, result: await applyUndoMerge(tools, now) };
    }));
  if (json) printJson({ ...reportOf(now), ...result });
  else print(describePlan(now) + describeResult(result));
  return result.problems.length + result.changedMeanwhile > 0 ? EXIT.partial : exitOf(now);
}

const NOTHING: UndoMergeResult = Object.freeze({ undone: 0, changedMeanwhile: 0, problems: [] });

function exitOf({ changedSince }: UndoMergePlan): number {
  return changedSince.length === 0 ? EXIT.ok : EXIT.partial;
}

function reportOf({ back, changedSince }: UndoMergePlan) {
  return {
    back: back.map(({ sourceAssetId, field, last, first }) => ({
      sourceAssetId,
      fileName: last.fileName,
      field,
      job: last.job,
      is: last.after,
      becomes: first.before,
    })),
    changedSince,
  };
}

function describePlan({ back, changedSince }: UndoMergePlan): string {
  return back.map(({ first, last }) =>
    `${describeWrittenChange({ ...last, before: last.after, after: first.before })}\n`
  )
    .join('') +
    (changedSince.length === 0
      ? ''
      : `Changed by somebody since, or gone, so that it stays:\n${
        changedSince.map((one) => `  ${minuteOf(one.writtenAt.toISOString())} UTC, ${describeWrittenChange(one)}\n`)
          .join('')
      }`);
}

function describeResult({ undone, changedMeanwhile, problems }: UndoMergeResult): string {
  return `${count(undone, 'change')} undone.\n` +
    (changedMeanwhile === 0
      ? ''
      : `${count(changedMeanwhile, 'original was', 'originals were')} changed at this moment and left alone.\n`) +
    listProblems(problems).map((line) => `${line}\n`).join('');
}
