import { type AssetChange, changeAsset } from '../../immich/api/assets.ts';
import type { ImmichApi } from '../../immich/api/client.ts';
import { ImmichApiError } from '../../immich/api/failure.ts';
import type { Tools } from '../cycle/tools.ts';
import type { Correction } from './decide.ts';
import { applyNoted, forgetNoted, noteCorrections, type SaidInExif, type Writing } from './write.ts';

/**
 * Has Immich write the changes of one photo as its owner, so that the sidecar says them, too. What is there before is noted first; when Immich refuses, nothing was written and nothing stays noted. When
 * its answer is lost, what it has written nevertheless stays noted. Returns how many were written. Throws ImmichApiError.
 */
export async function correctByImmich(
  { database, schema }: Pick<Tools, 'database' | 'schema'>,
  api: ImmichApi,
  corrections: readonly Correction[],
  writing: Writing,
): Promise<number> {
  const noted = await database.transaction((tx) => noteCorrections(tx, schema, corrections, writing));
  const [first] = noted;
  if (first === undefined) return 0;
  try {
    await changeAsset(api, first.sourceAssetId, changeOf(noted.map(({ said }) => said)));
  } catch (error) {
    if (error instanceof ImmichApiError) {
      await database.transaction((tx) => forgetNoted(tx, schema, noted, { isRefused: !error.isWorthRetrying }));
    }
    throw error;
  }
  await database.transaction((tx) => applyNoted(tx, schema, noted, writing));
  return noted.length;
}

/** What was noted of one photo, field by field, as Immich's web page would send it. What the API cannot say is left out: that there is no date or no position. Pure. */
export function changeOf(fields: readonly SaidInExif[]): AssetChange {
  const { description, dateTimeOriginal, timeZone, latitude, longitude, rating }: SaidInExif = Object.assign(
    {},
    ...fields,
  );
  return {
    ...description === undefined ? {} : { description },
    ...typeof dateTimeOriginal !== 'string' ? {} : { dateTimeOriginal: withOffset(dateTimeOriginal, timeZone ?? null) },
    ...typeof latitude !== 'number' || typeof longitude !== 'number' ? {} : { latitude, longitude },
    ...rating === undefined ? {} : { rating },
  };
}

/** A moment as the clock showed it in a zone that Immich names: `Europe/Berlin`, `UTC+2`. In UTC where the zone is none or not known. */
function withOffset(moment: string, zone: string | null): string {
  const instant = Temporal.Instant.from(moment);
  const fixed = /^UTC([+-])(\d{1,2})(?::?(\d\d))?$/.exec(zone ?? '');
  const timeZone = fixed === null ? zone ?? 'UTC' : `${fixed[1]}${fixed[2]?.padStart(2, '0')}:${fixed[3] ?? '00'}`;
  try {
    return instant.toString({ timeZone, fractionalSecondDigits: 3 });
  } catch {
    return instant.toString({ timeZone: 'UTC', fractionalSecondDigits: 3 });
  }
}
