import type { JobField } from './job_fields.ts';
import type { JobDraft } from './job_draft.ts';
import { quote } from './quote.ts';
import type { SettingsReader } from './reader.ts';
import type { SettingName } from './settings.ts';
import type { Raw } from './sources.ts';
import type { RawJob } from './yaml_file.ts';

type OwnField = 'source_user_id' | 'target_user_id' | 'target_library_id' | 'source_path_prefix' | 'target_path_prefix';

/** A job that is made of single settings, as in the predecessor's `.env`. */
interface EnvironmentJob {
  readonly name: string;
  readonly kind: 'external' | 'upload';
  readonly variables: Readonly<Partial<Record<OwnField, SettingName>>>;
}

const ENVIRONMENT_JOBS: readonly EnvironmentJob[] = [
  {
    name: 'external-library',
    kind: 'external',
    variables: {
      source_user_id: 'SOURCE_USER_ID',
      target_user_id: 'TARGET_USER_ID',
      target_library_id: 'TARGET_LIBRARY_ID',
      source_path_prefix: 'SHARED_PATH_PREFIX',
      target_path_prefix: 'TARGET_PATH_PREFIX',
    },
  },
  {
    name: 'uploads',
    kind: 'upload',
    variables: {
      source_user_id: 'UPLOAD_SOURCE_USER_ID',
      target_user_id: 'UPLOAD_TARGET_USER_ID',
      target_library_id: 'UPLOAD_TARGET_LIBRARY_ID',
      target_path_prefix: 'TARGET_UPLOAD_PATH_PREFIX',
    },
  },
];

/** Says something about both jobs, so it alone begins neither. */
const SHARED_VARIABLE: SettingName = 'TARGET_USER_ID';

/** The jobs that the environment (or top-level keys of the YAML file) describes, complete or not. */
export function environmentDrafts(settings: SettingsReader): readonly JobDraft[] {
  return ENVIRONMENT_JOBS.flatMap((job) => environmentDraft(job, settings) ?? []);
}

/** The jobs of the YAML file. */
export function yamlDrafts(jobs: readonly RawJob[]): readonly JobDraft[] {
  return jobs.map(({ path, place, fields }) => {
    const name = fields.get('name')?.value;
    const job = typeof name === 'string' ? `the share ${quote(name)}` : 'the share';
    return { fields, missing: (field) => ({ key: `${path}.${field}`, place, message: `${job} has no ${field}` }) };
  });
}

/** Where the settings stand that begin an environment job; empty if there is none. */
export function environmentJobSettings(settings: SettingsReader): readonly Raw[] {
  return ENVIRONMENT_JOBS.flatMap((job) => ownSettings(job, settings));
}

function environmentDraft(job: EnvironmentJob, settings: SettingsReader): JobDraft | undefined {
  const [first] = ownSettings(job, settings);
  if (first === undefined) return undefined;
  const fields = new Map<JobField, Raw>();
  const add = (field: JobField, raw: Raw | undefined) => raw !== undefined && fields.set(field, raw);
  add('name', { key: 'name', place: first.place, value: job.name });
  add('kind', { key: 'kind', place: first.place, value: job.kind });
  add('album_id', settings.find('TARGET_ALBUM_ID'));
  add('target_user_id', settings.find(SHARED_VARIABLE));
  for (const [field, variable] of Object.entries(job.variables)) add(field as OwnField, settings.find(variable));
  return {
    fields,
    missing: (field) => ({
      key: job.variables[field as OwnField] ?? field,
      place: first.place,
      message: `this is not set, but the share ${quote(job.name)}, of which ${first.key} is a part, needs it`,
    }),
  };
}

function ownSettings({ variables }: EnvironmentJob, settings: SettingsReader): readonly Raw[] {
  return Object.values(variables)
    .filter((variable) => variable !== SHARED_VARIABLE)
    .flatMap((variable) => settings.find(variable) ?? []);
}
