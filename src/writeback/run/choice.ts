import { type FieldName, fieldOf } from '../fields/fields.ts';
import type { AssetRecord } from '../fields/record.ts';
import { digester, type Wish } from './wanted.ts';

/** Which fields are written of an asset. */
export interface Choice {
  readonly fields: readonly FieldName[];
  /** Digest of what is wanted. */
  readonly digest: (record: AssetRecord) => string;
  /** Whether Immich knows something that was chosen and is left out. */
  readonly leavesOut: (record: AssetRecord) => boolean;
}

/**
 * What is written of assets that somebody else has too: their file is the same, or will be with the next share cycle, so what only the owner
 * knows is left out. Returns the choice for an asset, by whether it is shared.
 *
 * @param intoShared WRITE_INTO_SHARED
 */
export function chooser(wish: Wish, mappingVersion: number, intoShared: boolean): (isShared: boolean) => Choice {
  const choose = (fields: readonly FieldName[]): Choice => {
    const left = wish.fields.filter((name) => !fields.includes(name));
    return {
      fields,
      digest: digester({ ...wish, fields }, mappingVersion),
      leavesOut: (record) => left.some((name) => fieldOf(name).isKnown(record)),
    };
  };
  const own = choose(wish.fields);
  const shared = intoShared ? own : choose(wish.fields.filter((name) => fieldOf(name).isPrivate !== true));
  return (isShared) => isShared ? shared : own;
}
