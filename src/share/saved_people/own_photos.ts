import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import type { RelativeBox } from './format.ts';

/**
 * Whether the row `a` of `asset` is a photo of its owner's own that may be told of: no mirror, whose faces follow its source, and not in the
 * locked folder.
 */
export function isOwnPhoto(sql: Sql): Fragment {
  return sql`(
    a.visibility::text <> 'locked'
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map m WHERE m.mirror_asset_id = a.id)
  )`;
}

/** Whether the row `p` of `person` is in its owner's account through sharing. */
export function isMirrorOfPerson(sql: Sql, schema: ImmichSchema): Fragment {
  return sql`
    EXISTS (
      SELECT 1
      FROM immich_sidecar.person_map pm
      WHERE pm.mirror_person_id = p.${sql(schema.people.personKey)}
        AND pm.target_user_id = p."ownerId"
        AND pm.is_ours
    )`;
}

/** Whether the face `f` is to be seen, and has a box. */
export function isFaceWithBox(sql: Sql): Fragment {
  return sql`(f."deletedAt" IS NULL AND f."imageWidth" > 0 AND f."imageHeight" > 0)`;
}

/** The box of the face `f` in columns of its own, as parts of the image. */
export function boxColumns(sql: Sql): Fragment {
  return sql`
    f."boundingBoxX1"::float8 / f."imageWidth" AS x1,
    f."boundingBoxY1"::float8 / f."imageHeight" AS y1,
    f."boundingBoxX2"::float8 / f."imageWidth" AS x2,
    f."boundingBoxY2"::float8 / f."imageHeight" AS y2`;
}

export interface BoxRow {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** A hundredth of a per mille is less than a pixel of any preview. */
const STEPS = 100_000;

export function relativeBox({ x1, y1, x2, y2 }: BoxRow): RelativeBox {
  const round = (value: number) => Math.round(value * STEPS) / STEPS;
  return [round(x1), round(y1), round(x2), round(y2)];
}
