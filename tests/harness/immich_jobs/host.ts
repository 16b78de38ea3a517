import { insertRows, type Row } from '../../../src/demo/library_generator/insert.ts';
import { readCatalog } from '../../../src/immich/catalog.ts';
import type { Sql } from '../../../src/postgres/connect.ts';

/**
 * An Immich whose jobs are played: its database, and its disk. The jobs in this folder do what Immich's server does, statement by statement and
 * file by file; each says where that stands in its source (server/src of the releases named). They know nothing of immich-sidecar.
 */
export interface ImmichHost {
  readonly sql: Sql;
  /** Where a path of Immich's is on this machine. */
  local(immichPath: string): string;
  /** The next id that Immich gives; random ones where this is left out. */
  newId?(): string;
}

/** Inserts a row, in whatever release is installed: columns that it does not have are left out. */
export async function insertRow({ sql }: ImmichHost, table: string, row: Row): Promise<void> {
  await insertRows(sql, await readCatalog(sql), table, [row]);
}

export async function hasColumn({ sql }: ImmichHost, table: string, column: string): Promise<boolean> {
  return (await readCatalog(sql)).get(table)?.columns.has(column) ?? false;
}

export function exists(host: ImmichHost, immichPath: string): boolean {
  try {
    Deno.lstatSync(host.local(immichPath));
    return true;
  } catch {
    return false;
  }
}

export function writeFile(host: ImmichHost, immichPath: string, content: string | Uint8Array): void {
  const path = host.local(immichPath);
  Deno.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  if (typeof content === 'string') Deno.writeTextFileSync(path, content);
  else Deno.writeFileSync(path, content);
}

export function removeFile(host: ImmichHost, immichPath: string): void {
  if (exists(host, immichPath)) Deno.removeSync(host.local(immichPath));
}

/** `aa/bb/<id>` of a file that Immich makes for an asset. */
export function nestedName(id: string): string {
  return `${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`;
}
