import type { Sql } from '../postgres/connect.ts';

/** Which kinds of machine learning Immich runs. */
export interface Features {
  readonly clip: boolean;
  readonly faces: boolean;
  readonly ocr: boolean;
}

/** What of Immich's settings (Administration > Settings) matters here; with Immich's defaults where nobody has set them. */
export interface ImmichSettings {
  readonly features: Features;
  /** Whether libraries are watched, and not only scanned. */
  readonly isWatching: boolean;
  readonly hasStorageTemplate: boolean;
  readonly hasTrash: boolean;
  readonly trashDays: number;
  /** Whether each region of a face that a file names becomes a face (Metadata > Import faces). */
  readonly importsFaces: boolean;
  /** The model that finds faces: embeddings of two models cannot be compared. */
  readonly faceModel: string;
  /** The cosine distance of two faces up to which they are the same person (Facial recognition > Maximum recognition distance). */
  readonly maxFaceDistance: number;
}

/**
 * Reads them. Immich stores only what differs from its defaults, in which all machine learning is on (docs/immich.md). A configuration file
 * given to Immich (IMMICH_CONFIG_FILE) is not in the database; a job can say what it needs instead.
 */
export async function readSettings(sql: Sql): Promise<ImmichSettings> {
  const [row] = await sql<{ config: StoredConfig | null }[]>`
    SELECT value AS config
    FROM system_metadata
    WHERE key = 'system-config'`;
  const { machineLearning: learning, library, metadata, storageTemplate, trash } = row?.config ?? {};
  const isOn = (feature: Switch | undefined) => learning?.enabled !== false && feature?.enabled !== false;
  return {
    features: { clip: isOn(learning?.clip), faces: isOn(learning?.facialRecognition), ocr: isOn(learning?.ocr) },
    isWatching: library?.watch?.enabled ?? false,
    hasStorageTemplate: storageTemplate?.enabled ?? false,
    hasTrash: trash?.enabled ?? true,
    trashDays: trash?.days ?? 30,
    importsFaces: metadata?.faces?.import ?? false,
    faceModel: learning?.facialRecognition?.modelName ?? 'buffalo_l',
    maxFaceDistance: learning?.facialRecognition?.maxDistance ?? 0.5,
  };
}

interface Switch {
  readonly enabled?: boolean;
}

interface StoredConfig {
  readonly machineLearning?: Switch & {
    readonly clip?: Switch;
    readonly facialRecognition?: Switch & { readonly modelName?: string; readonly maxDistance?: number };
    readonly ocr?: Switch;
  };
  readonly library?: { readonly watch?: Switch };
  readonly metadata?: { readonly faces?: { readonly import?: boolean } };
  readonly storageTemplate?: Switch;
  readonly trash?: Switch & { readonly days?: number };
}
