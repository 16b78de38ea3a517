import type { SeenAsset } from './file_state.ts';
import type { AssetRecord } from './record.ts';
import type { Destination, Module } from './module.ts';
import type { FilePlan, OwnValues } from './tags.ts';

export interface PlanOptions {
  readonly modules: readonly Module[];
  readonly destination: Destination;
  /** In characters. */
  readonly captionMaxLength: number;
  /** Of photos whose zone Immich does not know; undefined: they get no offset. */
  readonly timeZone: string | undefined;
}

export interface PlannedFiles {
  /** None when everything is there already. */
  readonly plans: readonly FilePlan[];
  /** Parts of the record that no file can hold, as sentences without full stop. The rest of it is written. */
  readonly refused: readonly string[];
  /** Why the media file is not written although that was asked for; its sidecar is written instead. */
  readonly instead: string | undefined;
}
