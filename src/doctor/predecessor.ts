import { count } from '../config/words.ts';
import { detectPredecessor, type Predecessor } from '../share/predecessor/detect.ts';
import { ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

export async function lookAtPredecessor(subject: Subject): Promise<readonly Verdict[]> {
  await subject.catalog.use();
  return [judgePredecessor(await detectPredecessor(await subject.sql.use()))];
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
