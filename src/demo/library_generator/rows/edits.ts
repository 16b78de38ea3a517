import type { LibraryContext } from '../context.ts';
import { idOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import type { PlannedAsset } from '../plan.ts';

/** What a user did to a picture, in order. Triggers on this table set `asset.isEdited`. */
export function editRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  const { edit, key } = asset.spec;
  if (edit === undefined) return [];
  const actions = [
    { action: 'crop', parameters: edit.crop },
    ...(edit.isTurned ? [{ action: 'rotate', parameters: { angle: 90 } }] : []),
  ];
  return actions.map(({ action, parameters }, sequence) => ({
    id: idOf(context, `edit:${key}:${sequence}`),
    assetId: asset.id,
    action,
    parameters,
    sequence,
  }));
}
