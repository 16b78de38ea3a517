import { demoConfig } from '../../../src/demo/jobs.ts';
import { insertRows, type Row } from '../../../src/demo/library_generator/insert.ts';
import { uuidFor } from '../../../src/demo/library_generator/media/random.ts';
import { type Config, type JobConfig } from '../../../src/config/config.ts';
import { type Catalog, readCatalog } from '../../../src/immich/catalog.ts';
import { type ImmichDatabase, openImmich, type Release } from '../../harness/database.ts';
import { upgradeImmich } from '../../harness/upgrade/upgrade.ts';
import { ALL_ALBUMS } from '../shared_albums_world.ts';
import type { Mount } from './state.ts';
import type { Resolution, Typed } from './typed.ts';

export const MEDIA = '/data';
export const EXTERNAL = '/external_library';

/** Below it lies what members of shared albums have of one another. */
const ALBUMS = `${MEDIA}/albums`;

export const NAMES = ['alice', 'bob', 'carol'] as const;
export type Name = typeof NAMES[number];

/** A user, with a library of their own, one that receives other people's files and one that receives their uploads. */
export interface User {
  readonly name: Name;
  readonly id: string;
  readonly libraryId: string;
  readonly sharedLibraryId: string;
  readonly uploadsLibraryId: string;
  readonly albumId: string;
}

/** Three users of one Immich, an empty disk and all the shares that there can be between them. */
export class Household implements AsyncDisposable {
  #things = 0;
  /** What people have said, and which conflicts they have decided, since the last cycle. */
  readonly typed: Typed[] = [];
  readonly resolutions: Resolution[] = [];

  private constructor(
    public db: ImmichDatabase,
    readonly directory: string,
    public catalog: Catalog,
    readonly users: Readonly<Record<Name, User>>,
    public config: Config,
  ) {}

  /** `sameClusterGroup`: from 3.2 the faces of Alice and Bob are clustered together. */
  static async open(release: Release, options: { readonly sameClusterGroup?: boolean } = {}): Promise<Household> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: 'immich-household-' }));
    const db = await openImmich(release);
    const catalog = await readCatalog(db.sql);
    const users = Object.fromEntries(NAMES.map((name) => [name, userOf(name)])) as Record<Name, User>;
    const household = new Household(db, directory, catalog, users, demoConfig(db.config, directory, []));
    await household.#furnish(options.sameClusterGroup ?? false);
    return household;
  }

  get sql() {
    return this.db.sql;
  }

  /** Where the files are. */
  get mounts(): readonly Mount[] {
    return [
      { immich: MEDIA, local: `${this.directory}/media` },
      { immich: EXTERNAL, local: `${this.directory}/external` },
    ];
  }

  has(table: string, column?: string): boolean {
    const columns = this.catalog.get(table)?.columns;
    return column === undefined ? columns !== undefined : columns?.has(column) ?? false;
  }

  get isGrouped(): boolean {
    return this.has('person_group');
  }

  get personKey(): 'id' | 'personGroupId' {
    return this.isGrouped ? 'personGroupId' : 'id';
  }

  get faceKey(): 'personId' | 'personGroupId' {
    return this.isGrouped ? 'personGroupId' : 'personId';
  }

  /** A number nothing else has had, the same in every replay of a history. */
  next(): number {
    return ++this.#things;
  }

  /** An id that is the same in every replay of a history. */
  newId(): string {
    return uuidFor(1, `thing ${this.next()}`);
  }

  async insert(table: string, ...rows: readonly Row[]): Promise<void> {
    await insertRows(this.sql, this.catalog, table, rows);
  }

  local(immichPath: string): string {
    const mount = this.mounts.find(({ immich }) => immichPath.startsWith(`${immich}/`));
    if (mount === undefined) throw new Error(`${immichPath} is on no disk`);
    return mount.local + immichPath.slice(mount.immich.length);
  }

  /** Writes a new file (a new inode), with a time in whole seconds. */
  write(immichPath: string, content = `content ${this.next()}`): Date {
    const modifiedAt = this.#moment();
    const path = this.local(immichPath);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    const temporary = `${path}.new`;
    Deno.writeTextFileSync(temporary, content);
    Deno.utimeSync(temporary, modifiedAt, modifiedAt);
    Deno.renameSync(temporary, path);
    return modifiedAt;
  }

  /** Writes into the file that is there, whoever else has it. */
  overwrite(immichPath: string): void {
    if (this.exists(immichPath)) Deno.writeTextFileSync(this.local(immichPath), `content ${this.next()}`);
    else this.write(immichPath);
  }

  /** Changes the time of a file in place. */
  touch(immichPath: string): Date {
    const moment = this.#moment();
    Deno.utimeSync(this.local(immichPath), moment, moment);
    return moment;
  }

  move(from: string, to: string): void {
    const [source, target] = [this.local(from), this.local(to)];
    Deno.mkdirSync(target.slice(0, target.lastIndexOf('/')), { recursive: true });
    Deno.renameSync(source, target);
  }

  exists(immichPath: string): boolean {
    try {
      Deno.lstatSync(this.local(immichPath));
      return true;
    } catch {
      return false;
    }
  }

  remove(immichPath: string): void {
    if (this.exists(immichPath)) Deno.removeSync(this.local(immichPath));
  }

  /** The share of one kind between two users. */
  job(source: Name, target: Name, kind: 'external' | 'upload', details: Partial<JobConfig> = {}): JobConfig {
    const [from, to] = [this.users[source], this.users[target]];
    const isExternal = kind === 'external';
    return {
      name: `${kind} ${source} to ${target}`,
      kind,
      sourceUserId: from.id,
      targetUserId: to.id,
      targetLibraryId: isExternal ? to.sharedLibraryId : to.uploadsLibraryId,
      sourcePathPrefix: isExternal ? `${EXTERNAL}/${source}/family/` : undefined,
      targetPathPrefix: isExternal
        ? `${EXTERNAL}/${target}_shared/.${source}/`
        : `${MEDIA}/shared/${target}/.${source}/`,
      albumId: undefined,
      placement: 'hardlink',
      includeArchived: false,
      includeHidden: false,
      shareEdited: 'original',
      require: { clip: 'auto', faces: 'auto', ocr: 'auto' },
      ...details,
    };
  }

  /** Everything that may be shared: the jobs, or what members of shared albums have of one another. */
  get sharings(): readonly JobConfig[] {
    return this.config.sharedAlbums === undefined ? this.config.jobs : this.pairs();
  }

  /** Shares what is in albums, in all directions, and makes the libraries for that. */
  async shareAlbums(): Promise<void> {
    this.config = { ...this.config, jobs: [], sharedAlbums: { ...ALL_ALBUMS, directories: [`${ALBUMS}/`] } };
    for (const { name, targetUserId, targetLibraryId, targetPathPrefix } of this.pairs()) {
      const path = targetPathPrefix.replace(/\/\..*/, '');
      Deno.mkdirSync(this.local(path), { recursive: true });
      await this.insert('library', {
        id: targetLibraryId,
        ownerId: targetUserId,
        name: `Shared by ${name.replace(/.*: | .*/g, '')}`,
        importPaths: [path],
        exclusionPatterns: [],
      });
    }
  }

  /** A share for each two users, either way. */
  pairs(): JobConfig[] {
    const directory = (name: Name) => `${name}-${this.users[name].id.slice(0, 8)}`;
    return NAMES.flatMap((source) =>
      NAMES.filter((target) => target !== source).map((target): JobConfig => ({
        ...this.job(source, target, 'upload'),
        name: `shared albums: ${source} → ${target}`,
        kind: 'any',
        targetLibraryId: uuidFor(1, `${target} from ${source}`),
        targetPathPrefix: `${ALBUMS}/${directory(target)}/.${directory(source)}/`,
        pair: { albums: undefined, exceptAlbums: [], mount: undefined, problems: [] },
      }))
    );
  }

  /** Makes the library of a job if its target has deleted it. */
  async provideLibrary({ targetLibraryId: id, targetUserId: ownerId, targetPathPrefix }: JobConfig): Promise<void> {
    if ((await this.sql`SELECT FROM library WHERE id = ${id}`).length > 0) return;
    const path = targetPathPrefix.replace(/\/\..*/, '');
    await this.insert('library', { id, ownerId, name: path, importPaths: [path], exclusionPatterns: ['**/._*'] });
  }

  setJobs(jobs: readonly JobConfig[]): void {
    this.config = { ...this.config, jobs };
  }

  /** Immich is updated. */
  async upgrade(release: Release): Promise<void> {
    await upgradeImmich(this.sql, this.db.release, release);
    this.db = { ...this.db, release };
    this.catalog = await readCatalog(this.sql);
  }

  async close(): Promise<void> {
    await this.db.close();
    await Deno.remove(this.directory, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #moment(): Date {
    return new Date(Date.UTC(2024, 0, 1) + this.next() * 61_000);
  }

  async #furnish(sameClusterGroup: boolean): Promise<void> {
    const groupOf = (name: Name) => uuidFor(1, `cluster ${sameClusterGroup && name === 'bob' ? 'alice' : name}`);
    const groups = [...new Set(NAMES.map(groupOf))];
    await this.insert('cluster_group', ...groups.map((id) => ({ id })));
    await this.insert(
      'user',
      ...NAMES.map((name) => ({
        id: this.users[name].id,
        name,
        email: `${name}@example.com`,
        password: '',
        clusterGroupId: groupOf(name),
      })),
    );
    for (const user of Object.values(this.users)) {
      const libraries = [
        { id: user.libraryId, path: `${EXTERNAL}/${user.name}` },
        { id: user.sharedLibraryId, path: `${EXTERNAL}/${user.name}_shared` },
        { id: user.uploadsLibraryId, path: `${MEDIA}/shared/${user.name}` },
      ];
      for (const { id, path } of libraries) {
        Deno.mkdirSync(this.local(path), { recursive: true });
        await this.insert('library', {
          id,
          ownerId: user.id,
          name: path,
          importPaths: [path],
          exclusionPatterns: ['**/._*'],
        });
      }
      await this.insert('album', { id: user.albumId, ownerId: user.id, albumName: `of ${user.name}`, description: '' });
      if (!this.has('album', 'ownerId')) {
        await this.insert('album_user', { albumId: user.albumId, userId: user.id, role: 'owner' });
      }
    }
    for (const folder of ['thumbs', 'upload', 'library', 'encoded-video']) {
      Deno.mkdirSync(this.local(`${MEDIA}/${folder}`), { recursive: true });
    }
  }
}

function userOf(name: Name): User {
  const id = (thing: string) => uuidFor(1, `${name} ${thing}`);
  return {
    name,
    id: id('user'),
    libraryId: id('library'),
    sharedLibraryId: id('shared'),
    uploadsLibraryId: id('uploads'),
    albumId: id('album'),
  };
}
