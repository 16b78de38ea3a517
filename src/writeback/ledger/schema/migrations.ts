import initial from './001_initial.sql' with { type: 'text' };
import fields from './002_fields.sql' with { type: 'text' };
import shared from './003_shared.sql' with { type: 'text' };
import instead from './004_instead.sql' with { type: 'text' };

/** The steps that make the ledger; the number of a step is its place, from 1. A step that was released is never edited. */
export const LEDGER_MIGRATIONS: readonly string[] = Object.freeze([initial, fields, shared, instead]);
