import type { JobConfig, Reasons, SelectConfig } from '../../config/config.ts';
import { isId } from '../../config/values.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type JobSelection, selectionOf } from './criteria.ts';
import type { CriteriaSchema, Named, ReasonsFound } from './criterion.ts';
import { type FoundByKey, Lookup } from './lookup.ts';
import { findNamed, namedUser, type NameKind, type NameReference, NOBODY_ID } from './names.ts';
import type { RememberedName } from './remembered.ts';

/** What the names of a job stand for. */
export interface ResolvedNames {
  /** Nobody's (NOBODY_ID) where nobody, or more than one, has the name. */
  readonly sourceUserId: string;
  readonly targetUserId: string;
  readonly selection: JobSelection;
  /** Names that fit nothing or several, as sentences without their job. The job can do nothing until they are corrected. */
  readonly problems: readonly string[];
  /** What is to be left out and is not there, as sentences without their job. */
  readonly warnings: readonly string[];
  /** What is to be remembered of it. */
  readonly remember: readonly RememberedName[];
  readonly fingerprint: NamesFingerprint;
}

/** Everything that was found, in a form to be compared. */
export interface NamesFingerprint {
  /** Equal: nothing else is meant now. */
  readonly meant: string;
  /** Equal as well: nothing that is meant is called otherwise. */
  readonly called: string;
}

type NamedReasons = 'albums' | 'people' | 'tags';

const KINDS: Readonly<Record<NamedReasons, NameKind>> = Object.freeze({
  albums: 'album',
  people: 'person',
  tags: 'tag',
});

/** Whether a job names anything that the database must be asked about, and has to be asked again when something was renamed. */
export function hasNames({ sourceUserId, targetUserId, select, except, never, pair }: JobConfig): boolean {
  const reasons = [select, except, never].filter((part) => part !== undefined);
  return pair !== undefined || !isId(sourceUserId) || !isId(targetUserId) ||
    reasons.some(({ albums, people, tags }) => albums.length + people.length + tags.length > 0);
}

/**
 * What the names of jobs stand for, in the order of the jobs: users first, as everything else is theirs. Reads only.
 *
 * @param remembered what they stood for before, which they go on to mean whatever it is called now
 */
export async function resolveNames(
  sql: Sql,
  schema: CriteriaSchema,
  jobs: readonly JobConfig[],
  remembered: ReadonlyMap<string, readonly RememberedName[]>,
): Promise<ResolvedNames[]> {
  const users = await findNamed(sql, schema, jobs.flatMap(namedUsers), remembered);
  const drafts = jobs.map((job) => new Draft(sql, schema, job, remembered));
  for (const draft of drafts) await draft.findUsers(users);
  const things = await findNamed(sql, schema, drafts.flatMap((draft) => draft.references()), remembered);
  return await Promise.all(drafts.map((draft) => draft.resolve(things)));
}

function namedUsers({ sourceUserId, targetUserId }: JobConfig): NameReference[] {
  return [sourceUserId, targetUserId].filter((text) => !isId(text)).map(namedUser);
}

/** One job while its names are looked up. */
class Draft {
  readonly #lookup: Lookup;
  #sourceUserId = NOBODY_ID;
  #targetUserId = NOBODY_ID;

  constructor(
    readonly sql: Sql,
    readonly schema: CriteriaSchema,
    readonly job: JobConfig,
    remembered: ReadonlyMap<string, readonly RememberedName[]>,
  ) {
    this.#lookup = new Lookup(sql, schema, remembered);
  }

  async findUsers(found: FoundByKey): Promise<void> {
    const idOf = async (key: 'source' | 'target', text: string) => {
      if (isId(text)) return text;
      const user = await this.#lookup.onlyOne(key, namedUser(text), found);
      // One who is gone is no other: what names them is told that they are.
      return user?.id ?? this.#lookup.rememberedOf(namedUser(text))[0]?.id ?? NOBODY_ID;
    };
    this.#sourceUserId = await idOf('source', this.job.sourceUserId);
    this.#targetUserId = await idOf('target', this.job.targetUserId);
    if (this.#sourceUserId === this.#targetUserId && this.#sourceUserId !== NOBODY_ID) {
      this.#lookup.problems.push(
        'source and target are the same user; name the user who shall see the photos as target',
      );
    }
  }

  /** Everything but the users. */
  references(): NameReference[] {
    if (this.#sourceUserId === NOBODY_ID) return [];
    const { select, except, never } = this.job;
    return [select, except, never].flatMap((reasons) =>
      reasons === undefined
        ? []
        : Object.entries(KINDS).flatMap(([name, kind]) =>
          reasons[name as NamedReasons].map((text) => this.#reference(kind, text))
        )
    );
  }

  async resolve(named: FoundByKey): Promise<ResolvedNames> {
    const { select, except, never, pair } = this.job;
    const selected = select === undefined ? undefined : await this.#selected(select, named);
    const excepted = [
      ...except === undefined ? [] : [this.#excepted('except', except, named)],
      ...never === undefined ? [] : [this.#excepted('never', never, named)],
    ];
    const users = { sourceUserId: this.#sourceUserId, targetUserId: this.#targetUserId };
    const found = [selected, ...excepted].filter((reasons) => reasons !== undefined);
    return {
      ...users,
      selection: selectionOf(this.schema, {
        select: selected,
        ...pair === undefined ? {} : { pair: { pair, ...users } },
        except: excepted,
        ranges: this.job,
      }),
      problems: [...this.#lookup.problems, ...pair?.problems ?? []],
      warnings: this.#lookup.warnings,
      remember: this.#lookup.remember,
      fingerprint: {
        meant: JSON.stringify([
          this.job.name,
          users,
          this.job.targetLibraryId,
          pair && { ...pair, problems: pair.problems.length },
          found.map(idsOnly),
          this.#lookup.problems,
        ]),
        called: JSON.stringify(found),
      },
    };
  }

  async #selected(select: SelectConfig, found: FoundByKey): Promise<ReasonsFound> {
    const things = async (name: NamedReasons) => {
      const chosen: Named[] = [];
      for (const text of this.#sourceUserId === NOBODY_ID ? [] : select[name]) {
        const one = await this.#lookup.onlyOne(`select.${name}`, this.#reference(KINDS[name], text), found);
        if (one !== undefined) chosen.push(one);
      }
      return chosen;
    };
    const people = await things('people');
    return {
      albums: await things('albums'),
      people,
      peopleMatch: select.peopleMatch,
      peopleGone: select.people.length - people.length,
      tags: await things('tags'),
      favorites: select.favorites,
      paths: select.paths,
    };
  }

  /** In what is left out, everything counts that has the name. */
  #excepted(where: 'except' | 'never', reasons: Reasons, found: FoundByKey): ReasonsFound {
    // What never holds for everybody is not there for each of them.
    const isSilent = where === 'never' || this.#sourceUserId === NOBODY_ID;
    const things = (name: NamedReasons) =>
      reasons[name].flatMap((text) =>
        this.#lookup.all(`${where}.${name}`, this.#reference(KINDS[name], text), found, { isSilent })
      );
    return {
      albums: things('albums'),
      people: things('people'),
      peopleMatch: 'any',
      peopleGone: 0,
      tags: things('tags'),
      favorites: false,
      paths: reasons.paths,
    };
  }

  #reference(kind: NameKind, text: string): NameReference {
    return { kind, ownerId: this.#sourceUserId, text };
  }
}

/** Of tags the names, too, as it is by these that one lies below another. */
function idsOnly({ albums, people, ...rest }: ReasonsFound): object {
  const idsOf = (things: readonly Named[]) => things.map(({ id }) => id);
  return { ...rest, albums: idsOf(albums), people: idsOf(people) };
}
