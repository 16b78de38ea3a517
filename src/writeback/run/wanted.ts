import { hash } from 'node:crypto';
import type { Destination } from '../../config/destination.ts';
import { type FieldName, FIELDS } from '../fields/fields.ts';
import type { AssetRecord } from '../fields/record.ts';
import type { RegionKind } from '../fields/region_kinds.ts';

/** What decides, beside the record, which tags are written where. */
export interface Wish {
  readonly fields: readonly FieldName[];
  readonly destination: Destination;
  /** In characters. */
  readonly captionMaxLength: number;
  /** Of photos whose zone neither Immich nor their file knows; undefined: they get no offset. */
  readonly timeZone: string | undefined;
  /** In which ways faces are written; see MappingOptions. */
  readonly regions: readonly RegionKind[] | undefined;
}

/**
 * Digests of what is wanted in a file. Two records with the same digest lead to the same tags, if the file is the same.
 *
 * @param mappingVersion changes whenever the same record leads to other tags than before
 */
export function digester(wish: Wish, mappingVersion: number): (record: AssetRecord) => string {
  const { destination, captionMaxLength, timeZone, regions } = wish;
  const preamble = JSON.stringify([
    mappingVersion,
    wish.fields.toSorted(),
    destination,
    captionMaxLength,
    timeZone,
    regions,
  ]);
  return (record) => hash('sha256', preamble + JSON.stringify(record), 'base64url');
}

/** Whether Immich knows nothing of these fields. */
export function saysNothing(record: AssetRecord, fields: readonly FieldName[]): boolean {
  return fields.every((name) => !FIELDS[name].isKnown(record));
}
