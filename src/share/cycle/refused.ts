import { messageOf } from '../../errors.ts';
import { sqlStateOf } from '../../postgres/faults.ts';
import { type Place, type Problem, problem } from '../../problems/problem.ts';

/** A foreign key fails when Immich deletes what we refer to at the same moment; the others say that a row was changed then. */
const CHANGED_MEANWHILE = /^(23503|40001|40P01)$/;

/** Why PostgreSQL did not take a row: because of what is in it, or because of what somebody else did at that moment. */
export function refusalOf(error: unknown): 'constraint' | 'changed-meanwhile' {
  return CHANGED_MEANWHILE.test(sqlStateOf(error)) ? 'changed-meanwhile' : 'constraint';
}

export function refused(error: unknown, where: Place): Problem {
  return problem(refusalOf(error), where, messageOf(error));
}
