import type { Config } from '../config/config.ts';
import { isId } from '../config/values.ts';
import type { Connection } from '../postgres/connect.ts';
import { readConflicts, type Side, SIDES } from '../share/both_ways/conflicts.ts';
import { decideConflicts, isSameSubject, settleConflicts } from '../share/both_ways/resolve.ts';
import { confirmCorrections, readWaitingJobs, waitingOf } from '../share/both_ways/waiting.ts';
import { FIELD_WORDS } from '../share/both_ways/words.ts';
import { planOnly } from '../share/plan_only.ts';
import type { OpenDecisions } from './dashboard/decisions.ts';

/** What a button of the page of decisions says: which conflict, what was seen of it, and whose value counts. */
export interface ConflictDecision {
  readonly source: string;
  readonly mirror: string;
  readonly field: string;
  readonly seen: string;
  readonly take: Side;
}

/** What was sent, if it is a resolution. */
export function decisionIn(fields: Readonly<Record<string, unknown>>): ConflictDecision | undefined {
  const { source, mirror, field, seen, take } = fields;
  const isWhole = [source, mirror].every((id) => typeof id === 'string' && isId(id)) && typeof field === 'string' &&
    Object.hasOwn(FIELD_WORDS, field) && typeof seen === 'string' && (SIDES as readonly unknown[]).includes(take);
  return isWhole ? { source, mirror, field, seen, take } as ConflictDecision : undefined;
}

/** Everything that waits for a person now. Reads only. */
export async function readDecisions(sql: Connection, config: Config): Promise<OpenDecisions> {
  return await planOnly(sql, config, undefined, async (tx, view) => ({
    conflicts: await readConflicts(tx, view),
    waiting: await readWaitingJobs(tx),
  }));
}

/** Decides one conflict, if it still is what somebody has seen. Returns what came of it, as a sentence, and whether anything was decided. Throws UserError. */
export async function resolveConflict(
  sql: Connection,
  config: Config,
  { source, mirror, field, seen, take }: ConflictDecision,
): Promise<{ readonly isDecided: boolean; readonly what: string }> {
  const { found, schema } = await planOnly(sql, config, undefined, async (tx, view) => ({
    found: await readConflicts(tx, view, [source]),
    schema: view.schema,
  }));
  // In one cluster group a person has the same id with everybody.
  const open = found.filter((one) => one.mirrorAssetId === mirror && one.field === field);
  if (open.length === 0) return { isDecided: false, what: 'There is no such conflict any more.' };
  const meant = open.find((one) => `${one.sourceSum} ${one.sum}` === seen);
  if (meant === undefined) {
    return { isDecided: false, what: 'Somebody has changed it meanwhile: look at it again.' };
  }
  // Of several faces of a photo each is decided by itself.
  const decided = decideConflicts(found.filter((one) => isSameSubject(one, meant)), {
    photo: meant.fileName,
    fields: [field],
    job: meant.job,
    take,
  });
  const settled = await settleConflicts(sql, schema, decided);
  if (settled < decided.length) {
    return { isDecided: settled > 0, what: 'Somebody has changed it at this moment: look at it again.' };
  }
  return {
    isDecided: true,
    what: `Decided: ${take === 'source' ? 'the owner’s' : 'the recipient’s'} ${
      FIELD_WORDS[meant.field]
    } counts for both, from the next sync on.`,
  };
}

/** Says that what recipients of a job have changed may be written into the originals. Returns what came of it, as a sentence; undefined when nothing waits. */
export async function confirmWaiting(sql: Connection, job: string | undefined): Promise<string | undefined> {
  const confirmed = await confirmCorrections(sql, job);
  if (confirmed.length === 0) return undefined;
  return confirmed.map(waitingOf).map(({ name, what }) => `${what} of ${name}`).join(', ');
}
