import { UserError, type UserErrorOptions } from '../errors.ts';
import type { ProblemCode } from '../problems/codes.ts';

/**
 * What an error of the database asks for. A closed list:
 * - `lost`: the connection is gone, or the server does not want it, or the instance lock went with it. A new pool is needed.
 * - `conflict`: another transaction was in the way, or took too long. The same transaction may succeed a moment later.
 * - `schema`: tables are not what they were when the catalog was read. It has to be read again.
 * - `row`: about the rows themselves (constraint, bad value, an exception raised by a trigger).
 * - `other`: everything else, among it our own mistakes and the user's.
 */
export type Fault = 'lost' | 'conflict' | 'schema' | 'row' | 'other';

const PROBLEM_CODES: Readonly<Record<OurFault, ProblemCode>> = {
  lost: 'database-away',
  conflict: 'immich-at-work',
  schema: 'immich-at-work',
};

/** What our own errors are about: the rest is PostgreSQL's to say. */
type OurFault = Extract<Fault, 'lost' | 'conflict' | 'schema'>;

/** An error of ours about the database, with what it asks for. */
export class FaultError extends UserError {
  override name = 'FaultError';

  constructor(
    readonly fault: OurFault,
    message: string,
    options: Omit<UserErrorOptions, 'problemCode'>,
  ) {
    super(message, { ...options, problemCode: PROBLEM_CODES[fault] });
  }
}

/** SQLSTATEs and their classes, from PostgreSQL's appendix A, and names of errors of the network and of postgres.js. */
const FAULTS: readonly (readonly [RegExp, Fault])[] = Object.freeze([
  [/^08...$/, 'lost'], // connection exception
  [/^57P0[1235]$/, 'lost'], // administrator's shutdown, crash, "cannot connect now", idle session
  [/^25P0[34]$/, 'lost'], // ended by idle_in_transaction_session_timeout or transaction_timeout
  [/^53300$/, 'lost'], // too many connections
  [/^25006$/, 'lost'], // read-only: this server has become a standby, another one is the primary now
  [/^CONN(ECTION|ECT)_/, 'lost'],
  [/^E(CONN|PIPE|HOST|NET|NOTFOUND|AI_AGAIN|TIMEDOUT)/, 'lost'],
  [/^(40001|40P01)$/, 'conflict'], // serialization failure, deadlock
  [/^55P03$/, 'conflict'], // lock_timeout
  [/^57014$/, 'conflict'], // statement_timeout, or somebody cancelled the statement
  [/^42(703|704|804|883|P01|P02|P10)$/, 'schema'], // no such column, object, type, function, table, unique index
  [/^3F000$/, 'schema'], // no such schema
  [/^(22|23)...$/, 'row'],
  [/^P0001$/, 'row'],
]);

/** What PostgreSQL says when a table changes while a statement is on its way; these have SQLSTATEs of many meanings. */
const CHANGED_MEANWHILE =
  /cached plan must not change result type|could not open relation with OID|cache lookup failed/;

/** Classifies anything that was thrown. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  const state = sqlStateOf(error);
  if (state === '') return 'other';
  const known = FAULTS.find(([pattern]) => pattern.test(state))?.[1];
  if (known !== undefined) return known;
  return CHANGED_MEANWHILE.test((error as Error).message) ? 'schema' : 'other';
}

/**
 * Whether an error is about single rows, so that the others go through without them: PostgreSQL refuses one, or somebody else is
 * changing one at the same moment. A lock that could not be had in time may be about the whole table.
 */
export function isAboutRows(error: unknown): boolean {
  return faultOf(error) === 'row' || ROW_CONFLICT.test(sqlStateOf(error));
}

/** Serialization failure, deadlock. */
const ROW_CONFLICT = /^(40001|40P01)$/;

/** The SQLSTATE of a database error, the network's error name, or ''. */
export function sqlStateOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}
