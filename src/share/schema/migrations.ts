import type { Migration } from '../../postgres/migrate.ts';
import initial from './001_initial.sql' with { type: 'text' };
import changes from './002_changes.sql' with { type: 'text' };
import brake from './003_brake.sql' with { type: 'text' };
import stacks from './004_stacks.sql' with { type: 'text' };
import lineage from './005_lineage.sql' with { type: 'text' };
import decisions from './006_decisions.sql' with { type: 'text' };
import identity from './008_identity.sql' with { type: 'text' };
import kept from './009_kept.sql' with { type: 'text' };
import due from './010_due.sql' with { type: 'text' };
import marks from './011_marks.sql' with { type: 'text' };
import selection from './012_selection.sql' with { type: 'text' };
import detached from './013_detached.sql' with { type: 'text' };
import inode from './014_inode.sql' with { type: 'text' };
import locked from './015_locked.sql' with { type: 'text' };
import sidecars from './016_sidecars.sql' with { type: 'text' };
import tags from './017_tags.sql' with { type: 'text' };
import faceSums from './018_face_sums.sql' with { type: 'text' };
import peopleSeen from './019_people_seen.sql' with { type: 'text' };
import albums from './020_albums.sql' with { type: 'text' };
import remembered from './021_remembered.sql' with { type: 'text' };
import ownFields from './022_own_fields.sql' with { type: 'text' };
import trashed from './023_trashed.sql' with { type: 'text' };
import stops from './024_stops.sql' with { type: 'text' };
import missed from './025_missed.sql' with { type: 'text' };
import uncut from './026_uncut.sql' with { type: 'text' };
import alike from './027_alike.sql' with { type: 'text' };
import sameName from './028_same_name.sql' with { type: 'text' };
import keptMode from './030_kept_mode.sql' with { type: 'text' };
import jobIndex from './031_job_index.sql' with { type: 'text' };
import favorites from './032_favorites.sql' with { type: 'text' };
import tagged from './033_tagged.sql' with { type: 'text' };
import bases from './035_bases.sql' with { type: 'text' };
import unknownFavorite from './036_unknown_favorite.sql' with { type: 'text' };
import bothWays from './034_both_ways.sql' with { type: 'text' };
import stackMap from './007_stacks.sql' with { type: 'text' };
import saves from './029_saves.sql' with { type: 'text' };
import alikeFiles from './037_alike_files.sql' with { type: 'text' };

/**
 * The steps that make our own tables, oldest first. A step that was released is never edited. Columns are added to the schema
 * of their table; new tables get a schema of their own (docs/architecture.md, "Adding a table").
 */
export const MIGRATIONS: readonly Migration[] = Object.freeze([
  { version: 1, name: 'initial', schema: 'immich_sidecar', sql: initial },
  { version: 2, name: 'changes', schema: 'immich_sidecar', sql: changes },
  { version: 3, name: 'brake', schema: 'immich_sidecar', sql: brake },
  { version: 4, name: 'stacks', schema: 'immich_sidecar', sql: stacks },
  { version: 5, name: 'lineage', schema: 'immich_sidecar', sql: lineage },
  { version: 6, name: 'decisions', schema: 'immich_sidecar_decisions', sql: decisions },
  { version: 7, name: 'stack map', schema: 'immich_sidecar_stacks', sql: stackMap },
  { version: 8, name: 'identity', schema: 'immich_sidecar', sql: identity },
  { version: 9, name: 'kept', schema: 'immich_sidecar_kept', sql: kept, lasting: ['file'] },
  { version: 10, name: 'due', schema: 'immich_sidecar_decisions', sql: due },
  { version: 11, name: 'marks', schema: 'immich_sidecar_marks', sql: marks },
  { version: 12, name: 'selection', schema: 'immich_sidecar_selection', sql: selection },
  { version: 13, name: 'detached', schema: 'immich_sidecar_detached', sql: detached },
  { version: 14, name: 'inode', schema: 'immich_sidecar', sql: inode },
  { version: 15, name: 'locked', schema: 'immich_sidecar', sql: locked },
  { version: 16, name: 'sidecars', schema: 'immich_sidecar', sql: sidecars },
  { version: 17, name: 'tags', schema: 'immich_sidecar_tags', sql: tags },
  { version: 18, name: 'face sums', schema: 'immich_sidecar', sql: faceSums },
  { version: 19, name: 'people seen', schema: 'immich_sidecar', sql: peopleSeen },
  { version: 20, name: 'albums', schema: 'immich_sidecar_albums', sql: albums },
  { version: 21, name: 'remembered', schema: 'immich_sidecar_remembered', sql: remembered },
  { version: 22, name: 'own fields', schema: 'immich_sidecar', sql: ownFields },
  { version: 23, name: 'trashed', schema: 'immich_sidecar', sql: trashed },
  { version: 24, name: 'stops', schema: 'immich_sidecar_stops', sql: stops },
  { version: 25, name: 'missed', schema: 'immich_sidecar', sql: missed },
  { version: 26, name: 'uncut', schema: 'immich_sidecar', sql: uncut },
  { version: 27, name: 'alike', schema: 'immich_sidecar_alike', sql: alike },
  { version: 28, name: 'same name', schema: 'immich_sidecar_same_name', sql: sameName },
  { version: 29, name: 'saves', schema: 'immich_sidecar', sql: saves },
  { version: 30, name: 'kept mode', schema: 'immich_sidecar_kept', sql: keptMode },
  { version: 31, name: 'job index', schema: 'immich_sidecar', sql: jobIndex },
  { version: 32, name: 'favorites', schema: 'immich_sidecar', sql: favorites },
  { version: 33, name: 'tagged', schema: 'immich_sidecar', sql: tagged },
  { version: 34, name: 'both ways', schema: 'immich_sidecar_both_ways', sql: bothWays },
  { version: 35, name: 'bases', schema: 'immich_sidecar_remembered', sql: bases },
  { version: 36, name: 'unknown favorite', schema: 'immich_sidecar', sql: unknownFavorite },
  { version: 37, name: 'alike files', schema: 'immich_sidecar_alike', sql: alikeFiles },
]);
