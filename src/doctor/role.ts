import { isSharing } from '../config/config.ts';
import { list, named } from '../config/words.ts';
import type { Catalog } from '../immich/catalog.ts';
import {
  grants,
  isPredecessors,
  missingRights,
  neededRights,
  type Right,
  ROLE,
  roleStatements,
  tablesOf,
} from '../immich/rights.ts';
import type { Sql } from '../postgres/connect.ts';
import { giveBack, grantReading, type Ownership, readOwnership, unusable } from '../postgres/ownership.ts';
import { OWN_SCHEMAS } from '../share/schema/own_tables.ts';
import type { Check } from './check.ts';
import { fail, ok, skipped, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** As whom we are in the database, and what that means for Immich. */
export const ROLE_CHECKS: readonly Check[] = [
  { group: 'database', name: 'database.rights', look: lookAtRights },
  { group: 'database', name: 'database.role', look: lookAtRole },
  { group: 'database', name: 'database.backups', look: lookAtBackups },
];

/** What sharing may do. */
export interface Rights {
  /** Ready to be used in a statement. */
  readonly role: string;
  readonly database: string;
  readonly missing: readonly Right[];
  /** We may make schemas. */
  readonly mayCreate: boolean;
  /** We may see how long the transactions of others have been open. */
  readonly maySeeOthers: boolean;
  readonly ownership: Ownership | undefined;
}

async function lookAtRights(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, catalog, config] = [await subject.sql.use(), await subject.catalog.use(), await subject.config.use()];
  if (!isSharing(config)) return [skipped('No shares are configured, so nothing is written into the database.')];
  return judgeRights(await readRights(sql, catalog));
}

async function readRights(sql: Sql, catalog: Catalog): Promise<Rights> {
  const [row] = await sql<Pick<Rights, 'role' | 'database' | 'mayCreate' | 'maySeeOthers'>[]>`
    SELECT
      quote_ident(current_user) AS role,
      quote_ident(current_database()) AS database,
      has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
      pg_has_role('pg_read_all_stats', 'USAGE') AS "maySeeOthers"`;
  if (row === undefined) throw new Error('a query without FROM returned no row');
  return {
    ...row,
    missing: await missingRights(sql, neededRights(catalog)),
    ownership: await readOwnership(sql, OWN_SCHEMAS),
  };
}

const AS_SUPERUSER = "Run this in Immich's database, as a superuser:";

/** At least one verdict. Pure. */
export function judgeRights({ role, database, missing, mayCreate, maySeeOthers, ownership }: Rights): Verdict[] {
  const verdicts: Verdict[] = [];
  const [theirs, immichs] = [
    missing.filter(({ table }) => isPredecessors(table)),
    missing.filter(({ table }) => !isPredecessors(table)),
  ];
  if (immichs.length > 0) {
    verdicts.push(
      fail(
        `The user ${role} lacks rights to ${tablesOf(immichs)}, which sharing needs.`,
        AS_SUPERUSER,
        grants(immichs, role),
      ),
    );
  }
  if (theirs.length > 0) {
    verdicts.push(
      warn(
        `The user ${role} may not read what immich-shared-library has left, so takeover cannot.`,
        AS_SUPERUSER,
        grants(theirs, role),
      ),
    );
  }
  if (!mayCreate) {
    verdicts.push(
      fail(`The user ${role} may not keep tables of ours in the database.`, AS_SUPERUSER, [
        `GRANT CREATE ON DATABASE ${database} TO ${role}`,
      ]),
    );
  }
  if (ownership?.objects.some(({ mayWrite }) => !mayWrite)) {
    verdicts.push(fail(unusable(ownership), AS_SUPERUSER, giveBack(ownership)));
  } else if (ownership?.objects.some(({ isMine }) => !isMine)) {
    verdicts.push(
      warn(
        `Some of our tables belong to somebody else, so that an update of this program could not change them.`,
        AS_SUPERUSER,
        ownership.objects.filter(({ isMine, kind }) => !isMine && kind !== 'SEQUENCE').map(({ kind, name }) =>
          `ALTER ${kind} ${name} OWNER TO ${role}`
        ),
      ),
    );
  }
  if (!maySeeOthers) {
    verdicts.push(
      warn(
        `The user ${role} may not see how long the transactions of others have been open, so every sync looks five minutes back.`,
        AS_SUPERUSER,
        [`GRANT pg_read_all_stats TO ${role}`],
      ),
    );
  }
  return verdicts.length > 0 ? verdicts : [ok("The user may do in Immich's tables and in ours what sharing does.")];
}

async function lookAtRole(subject: Subject): Promise<readonly Verdict[]> {
  const [sql, catalog] = [await subject.sql.use(), await subject.catalog.use()];
  const [row] = await sql<{ database: string; isSuperuser: boolean; isThere: boolean }[]>`
    SELECT
      current_database() AS database,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
      EXISTS (SELECT FROM pg_roles WHERE rolname = ${ROLE}) AS "isThere"`;
  if (row === undefined) throw new Error('a query without FROM returned no row');
  const ownership = await readOwnership(sql, OWN_SCHEMAS);
  return [judgeRole({ ...row, catalog, ownership, isThorough: subject.options.isThorough })];
}

/** @param isThere whether there is a role of the proposed name */
export function judgeRole(
  { database, isSuperuser, isThere, catalog, ownership, isThorough }: {
    readonly database: string;
    readonly isSuperuser: boolean;
    readonly isThere: boolean;
    readonly catalog: Catalog;
    readonly ownership: Ownership | undefined;
    readonly isThorough: boolean;
  },
): Verdict {
  if (!isSuperuser) return ok('The user is no superuser.');
  // Immich's usual user is one, so this is no fault of anybody's, and thirty lines of SQL would hide what is.
  if (!isThorough) {
    return ok(
      "The user is a superuser, as in Immich's usual installation. doctor --thorough prints a safer role, with fewer rights.",
    );
  }
  const statements = roleStatements(catalog, database, 'PASSWORD').slice(isThere ? 1 : 0);
  const handedOver = (ownership?.objects ?? [])
    .filter(({ kind }) => kind !== 'SEQUENCE')
    .map(({ kind, name }) => `ALTER ${kind} ${name} OWNER TO ${ROLE}`);
  return warn(
    'The user is a superuser, who may start programs on the machine of PostgreSQL; sharing needs much less.',
    `Make a role with just the rights that it needs, with this SQL and a password of yours, and set DB_USERNAME=${ROLE} and DB_PASSWORD ` +
      '(docs/safety_and_backups.md):',
    [...statements, ...handedOver],
  );
}

async function lookAtBackups(subject: Subject): Promise<readonly Verdict[]> {
  const [sql] = [await subject.sql.use(), await subject.catalog.use()];
  return [judgeBackups(await readOwnership(sql, OWN_SCHEMAS))];
}

export function judgeBackups(ownership: Ownership | undefined): Verdict {
  if (ownership === undefined || ownership.objects.length === 0) {
    return ok("Immich's backups hold nothing of ours yet.");
  }
  const refused = ownership.objects.filter(({ isReadable }) => !isReadable);
  if (refused.length === 0) return ok("Immich's backups take our tables along.");
  const names = refused.slice(0, 3).map(({ name }) => name);
  return fail(
    `Immich's nightly backup fails: its user ${ownership.immichRole} may not read ${list(names)}${
      refused.length > names.length ? ', and more' : ''
    }.`,
    `${
      refused.every(({ isMine }) => isMine) ? 'The next sync grants it. Or run' : 'Run'
    } this in Immich's database, as ${named(refused[0]?.owner ?? '')} or as a superuser:`,
    grantReading(ownership),
  );
}
