import { nearestName } from '../../config/names.ts';
import { named } from '../../config/words.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { CriteriaSchema, Named } from './criterion.ts';
import { type FoundNames, keyOfReference, listNames, type NameReference, NOBODY_ID } from './names.ts';
import type { RememberedName } from './remembered.ts';

/** What there is for references, by `keyOfReference`. */
export type FoundByKey = ReadonlyMap<string, FoundNames>;

/** So many candidates are shown to somebody who has to choose one. */
const MOST_CANDIDATES = 8;
/** So many names are compared with one that fits nothing. */
const MOST_NAMES = 2_000;

/** What the names of one part of the configuration stand for, while they are looked up, and what is wrong with them. */
export class Lookup {
  /** Names that fit nothing or several, as sentences. */
  readonly problems: string[] = [];
  /** What is there no more, as sentences. */
  readonly warnings: string[] = [];
  /** What is to be remembered. */
  readonly remember: RememberedName[] = [];

  constructor(
    readonly sql: Sql,
    readonly schema: CriteriaSchema,
    readonly remembered: ReadonlyMap<string, readonly RememberedName[]>,
  ) {}

  /** The one thing that is meant; none and several are problems. */
  async onlyOne(
    key: string,
    reference: NameReference,
    found: FoundByKey,
  ): Promise<Named | undefined> {
    const what = reference.kind;
    const { fitting, alive } = found.get(keyOfReference(reference)) ?? { fitting: [], alive: [] };
    const [known] = this.rememberedOf(reference);
    const one = known === undefined
      ? (fitting.length === 1 ? fitting[0] : undefined)
      : alive.find(({ id }) => id === known.id);
    if (one !== undefined) {
      this.remember.push({ ...reference, id: one.id, name: one.name });
      return one;
    }
    if (known !== undefined) {
      this.remember.push(known);
      this.warnings.push(
        `${key}: the ${what} ${named(reference.text)} (${known.id}) is there no more, and selects nothing${
          fitting.length === 0 ? '' : `; to share what is called so now, write its id: ${describe(fitting)}`
        }`,
      );
      return undefined;
    }
    if (fitting.length > 1) {
      this.problems.push(
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
    const shared = reference.kind === 'album' && reference.ownerId === NOBODY_ID ? 'shared ' : '';
    const whose = reference.kind === 'user' || reference.ownerId === NOBODY_ID ? '' : ' of the source user';
    this.problems.push(
      `${key}: no ${shared}${what}${whose} has the name or id ${named(reference.text)}; ${candidates}`,
    );
    return undefined;
  }

  /** What it stood for before. */
  rememberedOf(reference: NameReference): readonly RememberedName[] {
    return this.remembered.get(keyOfReference(reference)) ?? [];
  }

  /**
   * Everything that has the name. `key`: where it stands. With `isSilent` there is no warning when nothing has it. **A person who was there before, and is gone, is a problem**: after a reset of
   * recognition nobody is known, and everything that shows them would be shared.
   */
  all(
    key: string,
    reference: NameReference,
    found: FoundByKey,
    { isSilent = false }: { readonly isSilent?: boolean } = {},
  ): readonly Named[] {
    const things = found.get(keyOfReference(reference));
    const fitting = [
      ...new Map([...things?.fitting ?? [], ...things?.alive ?? []].map((one) => [one.id, one])).values(),
    ];
    const lost = fitting.length > 0 || reference.kind !== 'person' ? [] : this.rememberedOf(reference);
    this.remember.push(...fitting.map((one) => ({ ...reference, ...one })), ...lost);
    if (lost.length > 0) {
      this.problems.push(
        `${key}: the person ${
          named(reference.text)
        }, whose photos are left out, is there no more (deleted, merged, or recognition was reset), so that their photos would be shared; ` +
          'give somebody that name in Immich, or take it out of the configuration',
      );
    } else if (fitting.length === 0 && !isSilent) {
      this.warnings.push(`${key}: there is no ${reference.kind} ${named(reference.text)}, so it leaves nothing out`);
    }
    return fitting;
  }
}

function describe(things: readonly Named[]): string {
  const shown = things.slice(0, MOST_CANDIDATES).map(({ id, name }) => `${named(name)} (${id})`);
  return [...shown, ...things.length > shown.length ? [`and ${things.length - shown.length} more`] : []].join(', ');
}
