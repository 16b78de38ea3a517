import type { Migration } from '../../postgres/migrate.ts';
import initial from './001_initial.sql' with { type: 'text' };
import changes from './002_changes.sql' with { type: 'text' };
import brake from './003_brake.sql' with { type: 'text' };
import stacks from './004_stacks.sql' with { type: 'text' };

/** The steps that make the schema `immich_sidecar`, oldest first. A step that was released is never edited. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([
  { version: 1, name: 'initial', sql: initial },
  { version: 2, name: 'changes', sql: changes },
  { version: 3, name: 'brake', sql: brake },
  { version: 4, name: 'stacks', sql: stacks },
]);
