import { PathMap } from '../files/path_map.ts';
import { isPartnerInTimeline } from '../immich/partners.ts';
import { countOutside } from '../immich/scan/database.ts';
import { type Exposure, type ScannedLibrary, whatAScanImports } from '../immich/scan/exposure.ts';
import { readScanFacts } from '../immich/scan/look.ts';
import type { DatabaseConfig } from '../config/config.ts';
import { connect, type Connection, disconnect, READ_ONLY } from '../postgres/connect.ts';
import { FaultError } from '../postgres/faults.ts';
import type { Directories, Server } from './session.ts';

/** Asks what scans of Immich would import, of the disk, of all libraries, and of the database if it can be reached. Changes nothing. */
export class Scans {
  readonly #database: DatabaseConfig | undefined;
  readonly #server: Server;
  readonly #directories: Directories;

  /** `database`: undefined when it cannot be reached from here. */
  constructor(database: DatabaseConfig | undefined, server: Server, directories: Directories) {
    this.#database = database;
    this.#server = server;
    this.#directories = directories;
  }

  /** What a scan of this library would import without any exclusion pattern. `targetLibraryIds`: those that hold mirrors. */
  async coveredBy(
    library: Omit<ScannedLibrary, 'exclusionPatterns'>,
    targetLibraryIds: ReadonlySet<string>,
  ): Promise<Exposure> {
    const bare = { ...library, exclusionPatterns: [] };
    const { mounts, mediaLocation } = this.#directories;
    const facts = await this.#withDatabase((sql) =>
      readScanFacts(sql, bare, {
        libraries: this.#server.libraries,
        targetLibraryIds,
        paths: new PathMap(mounts),
        mediaLocation,
      })
    );
    return whatAScanImports(bare, facts);
  }

  /** How many assets of a library other import paths would take offline, but for those below the prefixes; undefined: nobody knows. */
  async countOutside(
    libraryId: string,
    importPaths: readonly string[],
    prefixes: readonly string[],
  ): Promise<number | undefined> {
    return await this.#withDatabase(async (sql) =>
      sql === undefined ? undefined : await countOutside(sql, libraryId, importPaths, prefixes)
    );
  }

  /** Whether the one also shares with the other as a partner, shown in the timeline; undefined: nobody knows. */
  async isPartnerInTimeline(sourceUserId: string, targetUserId: string): Promise<boolean | undefined> {
    return await this.#withDatabase(async (sql) =>
      sql === undefined ? undefined : await isPartnerInTimeline(sql, sourceUserId, targetUserId)
    );
  }

  async #withDatabase<T>(look: (sql: Connection | undefined) => Promise<T>): Promise<T> {
    if (this.#database === undefined) return await look(undefined);
    let sql: Connection;
    try {
      sql = await connect({ ...this.#database, maxConnections: 1 }, READ_ONLY);
    } catch (error) {
      if (error instanceof FaultError) return await look(undefined);
      throw error;
    }
    try {
      return await look(sql);
    } finally {
      await disconnect(sql);
    }
  }
}
