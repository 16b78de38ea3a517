import { count } from '../config/words.ts';
import { isPredecessors, missingRights, neededRights } from '../immich/rights.ts';
import { detectPredecessor, type Predecessor } from '../share/predecessor/detect.ts';
import { NotLookedAt, ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

export async function lookAtPredecessor(subject: Subject): Promise<readonly Verdict[]> {
  const [catalog, sql] = [await subject.catalog.use(), await subject.sql.use()];
  const missing = await missingRights(sql, neededRights(catalog).filter(({ table }) => isPredecessors(table)));
  if (missing.length > 0) throw new NotLookedAt('The database user may not read the tables of immich-shared-library.');
  return [judgePredecessor(await detectPredecessor(sql))];
}

/** @param predecessor what immich-shared-library has left; undefined = nothing */
export function judgePredecessor(predecessor: Predecessor | undefined): Verdict {
  if (predecessor === undefined) return ok('There is nothing of immich-shared-library in the database.');
  const { unknown, sessions } = predecessor;
  if (sessions.length > 0) {
    return warn(
      `immich-shared-library seems to be at work on this database (${sessions[0]}).`,
      "Stop it: two programs that share the same photos get into each other's way." +
        (unknown === 0 ? '' : ' Then take over what it has shared: immich-sidecar takeover'),
    );
  }
  if (unknown > 0) {
    return warn(
      `immich-shared-library has shared ${count(unknown, 'photo', 'photos')} that this program does not know.`,
      'Take them over, without copying anything again: immich-sidecar takeover',
    );
  }
  return ok('What immich-shared-library has shared was taken over; its tables are no longer needed.');
}
