import type { JobConfig, Reasons, SelectConfig } from '../../config/config.ts';
import { nearestName } from '../../config/names.ts';
import { isId } from '../../config/values.ts';
import { named } from '../../config/words.ts';
import type { Sql } from '../../postgres/connect.ts';
import { type JobSelection, selectionOf } from './criteria.ts';
import type { CriteriaSchema, Named, ReasonsFound } from './criterion.ts';
import {
  findNamed,
  type FoundNames,
  keyOfReference,
  listNames,
  namedUser,
  type NameKind,
  type NameReference,
  NOBODY_ID,
} from './names.ts';
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
  /** Everything that was found, in a form to be compared: equal words mean that nothing else is meant now. */
  readonly fingerprint: string;
}

type Found = ReadonlyMap<string, FoundNames>;
type NamedReasons = 'albums' | 'people' | 'tags';

const KINDS: Readonly<Record<NamedReasons, NameKind>> = Object.freeze({
  albums: 'album',
  people: 'person',
  tags: 'tag',
});

/** So many candidates are shown to somebody who has to choose one. */
const MOST_CANDIDATES = 8;
/** So many names are compared with one that fits nothing. */
const MOST_NAMES = 2_000;

/** Whether a job names anything that the database must be asked about, and has to be asked again when something was renamed. */
export function hasNames({ sourceUserId, targetUserId, select, except, never }: JobConfig): boolean {
  const reasons = [select, except, never].filter((part) => part !== undefined);
  return !isId(sourceUserId) || !isId(targetUserId) ||
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
  readonly #problems: string[] = [];
  readonly #warnings: string[] = [];
  #sourceUserId = NOBODY_ID;
  #targetUserId = NOBODY_ID;

  readonly #remember: RememberedName[] = [];

  constructor(
    readonly sql: Sql,
    readonly schema: CriteriaSchema,
    readonly job: JobConfig,
    readonly remembered: ReadonlyMap<string, readonly RememberedName[]>,
  ) {}

  async findUsers(found: Found): Promise<void> {
    const idOf = async (key: 'source' | 'target', text: string) => {
      if (isId(text)) return text;
      const user = await this.#onlyOne(key, namedUser(text), found);
      // One who is gone is no other: what names them is told that they are.
      return user?.id ?? this.#rememberedOf(namedUser(text))[0]?.id ?? NOBODY_ID;
    };
    this.#sourceUserId = await idOf('source', this.job.sourceUserId);
    this.#targetUserId = await idOf('target', this.job.targetUserId);
    if (this.#sourceUserId === this.#targetUserId && this.#sourceUserId !== NOBODY_ID) {
      this.#problems.push('source and target are the same user; name the user who shall see the photos as target');
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

  async resolve(found: Found): Promise<ResolvedNames> {
    const { select, except, never } = this.job;
    const selected = select === undefined ? undefined : await this.#selected(select, found);
    const excepted = [
      ...except === undefined ? [] : [this.#excepted(except, found, true)],
      ...never === undefined ? [] : [this.#excepted(never, found, false)],
    ];
    const users = { sourceUserId: this.#sourceUserId, targetUserId: this.#targetUserId };
    return {
      ...users,
      selection: selectionOf(this.schema, { select: selected, except: excepted, ranges: this.job }),
      problems: this.#problems,
      warnings: this.#warnings,
      remember: this.#remember,
      fingerprint: JSON.stringify([users, selected, excepted, this.#problems]),
    };
  }

  async #selected(select: SelectConfig, found: Found): Promise<ReasonsFound> {
    const things = async (name: NamedReasons) => {
      const chosen: Named[] = [];
      for (const text of this.#sourceUserId === NOBODY_ID ? [] : select[name]) {
        const one = await this.#onlyOne(`select.${name}`, this.#reference(KINDS[name], text), found);
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
  #excepted(reasons: Reasons, found: Found, isItsOwn: boolean): ReasonsFound {
    const things = (name: NamedReasons) =>
      reasons[name].flatMap((text) => {
        const reference = this.#reference(KINDS[name], text);
        const things = found.get(keyOfReference(reference));
        const fitting = [
          ...new Map([...things?.fitting ?? [], ...things?.alive ?? []].map((one) => [one.id, one])).values(),
        ];
        this.#remember.push(...fitting.map((one) => ({ ...reference, ...one })));
        if (fitting.length === 0 && isItsOwn && this.#sourceUserId !== NOBODY_ID) {
          this.#warnings.push(
            `except.${name}: there is no ${KINDS[name]} ${named(text)}, so it leaves nothing out`,
          );
        }
        return fitting;
      });
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

  /** The one thing that is meant; none and several are problems. */
  async #onlyOne(
    key: string,
    reference: NameReference,
    found: Found,
  ): Promise<Named | undefined> {
    const what = reference.kind;
    const { fitting, alive } = found.get(keyOfReference(reference)) ?? { fitting: [], alive: [] };
    const [known] = this.#rememberedOf(reference);
    const one = known === undefined
      ? (fitting.length === 1 ? fitting[0] : undefined)
      : alive.find(({ id }) => id === known.id);
    if (one !== undefined) {
      this.#remember.push({ ...reference, id: one.id, name: one.name });
      return one;
    }
    if (known !== undefined) {
      this.#remember.push(known);
      this.#warnings.push(
        `${key}: the ${what} ${named(reference.text)} (${known.id}) is there no more, and selects nothing${
          fitting.length === 0 ? '' : `; to share what is called so now, write its id: ${describe(fitting)}`
        }`,
      );
      return undefined;
    }
    if (fitting.length > 1) {
      this.#problems.push(
        `${key}: ${fitting.length} ${reference.kind === 'person' ? 'people' : `${what}s`} have the name ${
          named(reference.text)
        }; write the id of the one that is meant: ${describe(fitting)}`,
      );
      return undefined;
    }
    const names = await listNames(this.sql, this.schema, reference, MOST_NAMES);
    const nearest = nearestName(reference.text, names.map(({ name }) => name), Math.max(2, reference.text.length / 3));
    const near = names.filter(({ name }) => name === nearest);
    const candidates = near.length > 0
      ? `did you mean ${describe(near)}?`
      : names.length === 0
      ? 'there is none at all'
      : `there are ${describe(names)}`;
    const whose = reference.kind === 'user' ? '' : ' of the source user';
    this.#problems.push(`${key}: no ${what}${whose} has the name or id ${named(reference.text)}; ${candidates}`);
    return undefined;
  }

  #rememberedOf(reference: NameReference): readonly RememberedName[] {
    return this.remembered.get(keyOfReference(reference)) ?? [];
  }

  #reference(kind: NameKind, text: string): NameReference {
    return { kind, ownerId: this.#sourceUserId, text };
  }
}

function describe(things: readonly Named[]): string {
  const shown = things.slice(0, MOST_CANDIDATES).map(({ id, name }) => `${named(name)} (${id})`);
  return [...shown, ...things.length > shown.length ? [`and ${things.length - shown.length} more`] : []].join(', ');
}
