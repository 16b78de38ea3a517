import type { SettingName } from './settings.ts';
import {
  albumId,
  choice,
  flag,
  jobName,
  libraryId,
  pathPrefix,
  placement,
  requirement,
  shareEdited,
  userId,
  type ValueType,
} from './values.ts';

/** One key of a job in the YAML file; `require.clip` is the key `clip` of the mapping `require`. */
export interface JobFieldDefinition {
  readonly type: ValueType<unknown>;
  readonly description: string;
  readonly required?: true;
  /** The setting that is used when the key is missing. */
  readonly default?: SettingName;
}

/** Every key of a job. */
export const JOB_FIELDS = Object.freeze(
  {
    name: {
      type: jobName,
      required: true,
      description: 'What logs and commands call the job; unique, at most 64 characters.',
    },
    kind: {
      type: choice('external', 'upload', 'auto'),
      description:
        'external: files of external libraries below source_path_prefix. upload: everything the user uploaded. auto, the ' +
        'default: upload if there is no source_path_prefix, else decided by whether that path lies in the upload location.',
    },
    source_user_id: { type: userId, required: true, description: 'The user who shares.' },
    target_user_id: { type: userId, required: true, description: 'The user who receives.' },
    target_library_id: {
      type: libraryId,
      required: true,
      description:
        'An external library of the receiving user, made for this share: its import path contains nothing else.',
    },
    source_path_prefix: { type: pathPrefix, description: "Only what lies below this path is shared (Immich's view)." },
    target_path_prefix: {
      type: pathPrefix,
      required: true,
      description: "Where the shared files appear for the receiving user (Immich's view).",
    },
    album_id: { type: albumId, description: 'An album of the receiving user into which everything shared is put.' },
    placement: { type: placement, default: 'PLACEMENT', description: 'hardlink, symlink or auto.' },
    include_archived: { type: flag, default: 'INCLUDE_ARCHIVED', description: 'true or false.' },
    include_hidden: { type: flag, default: 'INCLUDE_HIDDEN', description: 'true or false.' },
    share_edited: { type: shareEdited, default: 'SHARE_EDITED', description: 'original or skip.' },
    'require.clip': { type: requirement, default: 'REQUIRE_CLIP', description: 'auto, required or ignored.' },
    'require.faces': { type: requirement, default: 'REQUIRE_FACES', description: 'auto, required or ignored.' },
    'require.ocr': { type: requirement, default: 'REQUIRE_OCR', description: 'auto, required or ignored.' },
  } as const satisfies Record<string, JobFieldDefinition>,
);

export type JobField = keyof typeof JOB_FIELDS;
export const JOB_FIELD_NAMES = Object.freeze(Object.keys(JOB_FIELDS) as JobField[]);
