import type { Config, DatabaseConfig, JobConfig } from '../config/config.ts';
import { messageOf, UserError } from '../errors.ts';
import { connect, type Connection, disconnect, explainDatabaseError, READ_ONLY } from '../postgres/connect.ts';
import { faultOf } from '../postgres/faults.ts';
import { type Amount, NO_AMOUNT, readAmount, readPlaces } from '../share/offers/amount.ts';
import { listSharedAlbums, type SharedAlbum } from '../share/offers/shared_albums.ts';
import { listOfferedUsers, type OfferedUser } from '../share/offers/users.ts';
import { openSurvey, type Survey } from '../share/offers/survey.ts';
import {
  listOffers,
  type Offer,
  type Offers,
  readNamed,
  type WrittenName,
  writtenNames,
} from '../share/offers/things.ts';
import { countNamesakes } from '../share/people/namesakes.ts';
import { NOBODY_ID } from '../share/selection/names.ts';

/** Of hundreds of thousands of photos by thousands of albums. */
const PATIENT = Object.freeze({ ...READ_ONLY, statement_timeout: 60_000 });

/** How much a job shares, and what is wrong with what it names. */
export interface Sized extends Amount {
  readonly problems: readonly string[];
}

/** Everything that a configuration shares. */
export interface SizedConfig {
  /** By the names of the jobs. */
  readonly jobs: ReadonlyMap<string, Sized>;
  readonly sharedAlbums: Amount | undefined;
}

/** Something of a list, with what the configuration calls it, or is to call it. */
export type Listed<T> = T & WrittenName;

/** Names that stand at one place of the configuration. */
export interface NamesThere {
  readonly kind: Offer['kind'];
  readonly texts: readonly string[];
}

/** What can be chosen at each of some places. */
export interface Lists<K extends string> {
  readonly at: ReadonlyMap<K, readonly Listed<Offer>[]>;
  readonly favorites: Amount;
  readonly users: readonly OfferedUser[];
}

/**
 * How much there is of what can be shared: the database is asked what a dry run asks it. Everything is undefined where it cannot be reached, or is none that can be
 * shared from, which `onProblem` is told once. Changes nothing.
 */
export class Sizes {
  readonly #database: DatabaseConfig | undefined;
  readonly #onProblem: (problem: string) => void;
  #hasFailed = false;

  constructor(database: DatabaseConfig | undefined, onProblem: (problem: string) => void) {
    this.#database = database;
    this.#onProblem = onProblem;
  }

  /** What a job's source can choose by. */
  async offers(config: Config, job: JobConfig): Promise<Offers | undefined> {
    return await this.#survey(
      { ...config, jobs: [job], sharedAlbums: undefined },
      async (sql, { schema, jobs, hasMap }) => {
        const [only] = jobs;
        return only === undefined ? undefined : await listOffers(sql, schema, only, hasMap);
      },
    );
  }

  /** The albums that users share with one another, and how much is in all of them. */
  async sharedAlbums(
    config: Config,
  ): Promise<{ readonly albums: readonly SharedAlbum[]; readonly all: Amount } | undefined> {
    return await this.#survey({ ...config, jobs: [] }, async (sql, { schema, jobs, hasMap }) => ({
      albums: await listSharedAlbums(sql, schema, jobs, hasMap),
      all: await readAmount(sql, jobs, hasMap),
    }));
  }

  /** What can be chosen at places of a job of the configuration, by what stands there. */
  async lists<K extends string>(
    config: Config,
    job: JobConfig,
    there: ReadonlyMap<K, NamesThere>,
  ): Promise<Lists<K> | undefined> {
    return await this.#survey(
      { ...config, jobs: [job], sharedAlbums: undefined },
      async (sql, { schema, jobs: [only], hasMap, remembered }) => {
        const users = await listOfferedUsers(sql);
        const offers = only === undefined ? undefined : await listOffers(sql, schema, only, hasMap);
        if (only === undefined || offers === undefined) return { at: new Map(), favorites: NO_AMOUNT, users };
        const { things, favorites } = offers;
        const names = await writtenNames(sql, schema, only.sourceUserId, things, remembered);
        const at = new Map<K, readonly Listed<Offer>[]>();
        for (const [place, { kind, texts }] of there) {
          const references = texts.map((text) => ({ kind, text }));
          const meant = await readNamed(sql, schema, only.sourceUserId, references, remembered);
          const listed = things.map((thing, index) => ({ ...thing, ...asWritten(thing, names[index], meant) }));
          at.set(place, listed.filter((thing) => thing.kind === kind));
        }
        return { at, favorites, users };
      },
    );
  }

  /** The albums that users share with one another, with what the configuration calls them where `texts` does, and all users. */
  async sharedLists(
    config: Config,
    texts: readonly string[],
  ): Promise<
    | { readonly albums: readonly Listed<SharedAlbum>[]; readonly all: Amount; readonly users: readonly OfferedUser[] }
    | undefined
  > {
    return await this.#survey({ ...config, jobs: [] }, async (sql, { schema, jobs, hasMap, remembered }) => {
      const albums = await listSharedAlbums(sql, schema, jobs, hasMap);
      const names = await writtenNames(sql, schema, NOBODY_ID, albums, remembered);
      const references = texts.map((text) => ({ kind: 'album' as const, text }));
      const meant = await readNamed(sql, schema, NOBODY_ID, references, remembered);
      return {
        albums: albums.map((album, index) => ({ ...album, ...asWritten(album, names[index], meant) })),
        all: await readAmount(sql, jobs, hasMap),
        users: await listOfferedUsers(sql),
      };
    });
  }

  /** What names of the configuration mean now: ids, each with the name. `ownerId`: NOBODY_ID for albums that users share with one another. */
  async meant(
    config: Config,
    ownerId: string,
    names: readonly { readonly kind: Offer['kind']; readonly text: string }[],
  ): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map();
    const meant = await this.#survey(
      { ...config, jobs: [], sharedAlbums: undefined },
      async (sql, { schema, remembered }) => await readNamed(sql, schema, ownerId, names, remembered),
    );
    return meant ?? new Map();
  }

  /** What the configuration is to call these. `kept`: what it calls some of them already. */
  async namesFor(
    config: Config,
    ownerId: string,
    things: readonly Pick<Offer, 'kind' | 'id' | 'name'>[],
    kept: ReadonlyMap<string, string>,
  ): Promise<readonly WrittenName[]> {
    const added = things.filter(({ id }) => !kept.has(id));
    const names = await this.#survey(
      { ...config, jobs: [], sharedAlbums: undefined },
      async (sql, { schema, remembered }) => await writtenNames(sql, schema, ownerId, added, remembered),
    );
    const written = new Map(added.map(({ id }, index) => [id, names?.[index]]));
    return things.map(({ id, name }) => {
      return asWritten({ id, name }, written.get(id), kept);
    });
  }

  /** In which directories the originals of a job lie, the most first; empty where nobody knows. */
  async places(
    config: Config,
    job: JobConfig,
    directories: readonly string[],
  ): Promise<readonly { readonly directory: string; readonly photos: number }[]> {
    const places = await this.#survey(
      { ...config, jobs: [job], sharedAlbums: undefined },
      async (sql, { jobs: [only], hasMap }) =>
        only === undefined ? [] : await readPlaces(sql, only, hasMap, directories),
    );
    return places ?? [];
  }

  /** How many people both users call the same. */
  async namesakes(sourceUserId: string, targetUserId: string, config: Config): Promise<number | undefined> {
    return await this.#survey(
      { ...config, jobs: [], sharedAlbums: undefined },
      async (sql, { schema, hasMap }) => await countNamesakes(sql, schema, { sourceUserId, targetUserId }, hasMap),
    );
  }

  /** How much a configuration shares. */
  async of(config: Config): Promise<SizedConfig | undefined> {
    return await this.#survey(config, async (sql, { jobs, hasMap }) => {
      const sized = new Map<string, Sized>();
      for (const job of jobs.filter(({ pair }) => pair === undefined)) {
        sized.set(job.name, { ...await readAmount(sql, [job], hasMap), problems: job.nameProblems });
      }
      const pairs = jobs.filter(({ pair }) => pair !== undefined);
      return {
        jobs: sized,
        sharedAlbums: config.sharedAlbums === undefined ? undefined : await readAmount(sql, pairs, hasMap),
      };
    });
  }

  async #survey<T>(
    config: Config,
    look: (sql: Connection, survey: Survey) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#database === undefined) return undefined;
    try {
      const sql = await connect({ ...this.#database, maxConnections: 1 }, PATIENT);
      try {
        return await look(sql, await openSurvey(sql, config));
      } finally {
        await disconnect(sql);
      }
    } catch (error) {
      const explained = explainDatabaseError(error, this.#database);
      if (!(explained instanceof UserError) && faultOf(error) === 'other') throw error;
      if (!this.#hasFailed) this.#onProblem(`It cannot be said how much is shared: ${messageOf(explained)}`);
      this.#hasFailed = true;
      return undefined;
    }
  }
}

/** What the configuration calls it already, else what it is to call it. */
function asWritten(
  { id, name }: { readonly id: string; readonly name: string },
  written: WrittenName | undefined,
  meant: ReadonlyMap<string, string>,
): WrittenName {
  const text = meant.get(id);
  return text === undefined ? written ?? { text: id, comment: name } : { text };
}
