import { GENERATED_TAGS } from '../accounts.ts';
import type { LibraryContext } from '../context.ts';
import { assetIdOf, idOf, userIdOf } from '../ids.ts';
import type { Row } from '../insert.ts';
import type { PlannedAsset } from '../plan.ts';

// Tags, stacks, memories and the metadata of a phone belong to their user: they must never be mirrored.

export function tagRows(context: LibraryContext): readonly Row[] {
  return GENERATED_TAGS.map((value) => {
    const parent = value.slice(0, Math.max(value.lastIndexOf('/'), 0));
    return {
      id: idOf(context, `tag:${value}`),
      userId: userIdOf(context, 'alice'),
      value,
      parentId: parent === '' ? null : idOf(context, `tag:${parent}`),
    };
  });
}

export function tagClosureRows(context: LibraryContext): readonly Row[] {
  return GENERATED_TAGS.flatMap((ancestor) =>
    GENERATED_TAGS.filter((value) => value === ancestor || value.startsWith(`${ancestor}/`)).map((descendant) => ({
      id_ancestor: idOf(context, `tag:${ancestor}`),
      id_descendant: idOf(context, `tag:${descendant}`),
    }))
  );
}

export function tagAssetRows(asset: PlannedAsset, context: LibraryContext): readonly Row[] {
  return (asset.spec.tags ?? []).map((value) => ({ tagId: idOf(context, `tag:${value}`), assetId: asset.id }));
}

/** One row per stack; the first asset of a stack is its primary one. */
export function stackRows(assets: readonly PlannedAsset[], context: LibraryContext): readonly Row[] {
  const primaries = new Map<string, PlannedAsset>();
  for (const asset of assets) {
    const { stack } = asset.spec;
    if (stack !== undefined && !primaries.has(stack)) primaries.set(stack, asset);
  }
  return [...primaries].map(([stack, { id, ownerId }]) => ({
    id: idOf(context, `stack:${stack}`),
    primaryAssetId: id,
    ownerId,
  }));
}

/** Who is in which stack; set once the stacks exist, because they refer to their primary asset. */
export function stackMembers(
  assets: readonly PlannedAsset[],
  context: LibraryContext,
): readonly { assetId: string; stackId: string }[] {
  return assets.flatMap(({ id, spec: { stack } }) =>
    stack === undefined ? [] : [{ assetId: id, stackId: idOf(context, `stack:${stack}`) }]
  );
}

export function memoryRows(context: LibraryContext): readonly Row[] {
  return [{
    id: idOf(context, 'memory'),
    ownerId: userIdOf(context, 'alice'),
    type: 'on_this_day',
    data: { year: 2023 },
    memoryAt: '2024-07-14T00:00:00.000Z',
  }];
}

export function memoryAssetRows(context: LibraryContext): readonly Row[] {
  return [{ memoriesId: idOf(context, 'memory'), assetId: assetIdOf(context, 'family/beach') }];
}

export function assetMetadataRows(context: LibraryContext): readonly Row[] {
  return [{
    assetId: assetIdOf(context, 'uploads/cat'),
    key: 'mobile-app',
    value: { iCloudId: '7B5A1C3E-0000-4000-8000-000000000001' },
  }];
}
