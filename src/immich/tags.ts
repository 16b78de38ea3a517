import type { Fragment, Sql } from '../postgres/connect.ts';

/**
 * Removes those of these tags that no photo has, nor any tag below them, which would go with them by Immich's own cascade. Lock them first, and be in READ
 * COMMITTED: this statement sees what was written before they were locked.
 *
 * @param tagKey the column of tag_asset that names the tag, in this release
 * @param isKept of the id of a tag, whether it and those above it stay whatever has it
 */
export async function removeUnusedTags(
  tx: Sql,
  ids: readonly string[],
  tagKey: string,
  isKept: (id: Fragment) => Fragment = () => tx`false`,
): Promise<void> {
  await tx`
    DELETE FROM tag t
    WHERE t.id = ANY (${ids as string[]}::uuid[])
      AND NOT EXISTS (
        SELECT 1
        FROM tag_closure below
        WHERE below.id_ancestor = t.id
          AND (
            below.id_descendant <> ALL (${ids as string[]}::uuid[])
            OR ${isKept(tx`below.id_descendant`)}
            OR EXISTS (SELECT 1 FROM tag_asset ta WHERE ta.${tx(tagKey)} = below.id_descendant)
          )
      )`;
}
