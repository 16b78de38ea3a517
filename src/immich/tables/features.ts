import { areOwnersMembers } from '../albums.ts';
import type { Catalog } from '../catalog.ts';
import type { ImmichTable } from './tables.ts';
import type { User, Version } from './declaration.ts';

/** Columns that came with one release and are of use together only: a database has all of them, or none. */
export interface Feature {
  readonly name: string;
  readonly from: Version;
  readonly users: readonly User[];
  readonly tables: Columns;
  /** Whether a later release has it in another form. Where this is left out, a database need not have it at all. */
  readonly isReplaced?: (catalog: Catalog) => boolean;
}

type Columns = Readonly<Partial<Record<ImmichTable, readonly string[]>>>;

const PEOPLE_BY_GROUP: Columns = Object.freeze({
  user: ['clusterGroupId'],
  person: ['personGroupId'],
  person_group: ['id', 'clusterGroupId'],
  asset_face: ['personGroupId'],
});

export const FEATURES: readonly Feature[] = Object.freeze([
  {
    name: 'people, each a row with an id',
    from: '2.0',
    users: ['sharing', 'writeBack'],
    tables: { person: ['id'], asset_face: ['personId'] },
    isReplaced: (catalog: Catalog) =>
      Object.entries(PEOPLE_BY_GROUP).some(([table, columns]) =>
        columns.some((column) => catalog.get(table)?.columns.has(column))
      ),
  },
  { name: 'people in groups', from: '3.2', users: ['sharing', 'writeBack'], tables: PEOPLE_BY_GROUP },
  {
    name: 'albums that name their owner',
    from: '2.0',
    users: ['sharing', 'writeBack'],
    tables: { album: ['ownerId'] },
    isReplaced: areOwnersMembers,
  },
  {
    name: 'edits',
    from: '2.5',
    users: ['sharing', 'writeBack'],
    tables: { asset: ['isEdited'], asset_file: ['isEdited'], asset_edit: ['assetId'] },
  },
  {
    name: 'edits with a time',
    from: '2.6',
    users: ['writeBack'],
    tables: { asset_edit: ['updatedAt', 'updateId'] },
  },
  {
    name: 'tags in metadata, which came with edits',
    from: '2.5',
    users: ['sharing'],
    tables: { asset_exif: ['tags'], asset_edit: ['assetId'] },
  },
]);
