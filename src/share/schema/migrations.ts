import type { Migration } from '../../postgres/migrate.ts';
import initial from './001_initial.sql' with { type: 'text' };

/** The steps that make the schema `immich_sidecar`, oldest first. A step that was released is never edited. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([
  { version: 1, name: 'initial', sql: initial },
]);
