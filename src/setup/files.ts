import { dotEnvValues } from '../config/dot_env.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { Secret } from '../config/secret.ts';
import { isBlank } from '../config/sources.ts';
import type { Existing } from './existing.ts';
import { updateEnv } from './env_text.ts';
import type { NewOrKnown, PlannedJob, PlannedSetting, SetupPlan } from './plan.ts';
import { updateYaml, type WrittenJob } from './yaml_text.ts';

/** A file as it is to be. */
export interface PlannedFile {
  readonly path: string;
  readonly old: string | undefined;
  readonly text: string;
}

/** Ids of what was created, in the order of the plan. */
export interface Ids {
  readonly libraries: readonly string[];
  readonly albums: readonly string[];
}

/** Stand-ins, to see whether a configuration is right before anything is created. */
export const NO_IDS: Ids = Object.freeze({
  libraries: Array.from({ length: 100 }, () => '00000000-0000-4000-8000-000000000000'),
  albums: Array.from({ length: 100 }, () => '00000000-0000-4000-8000-000000000000'),
});

/** The files that a plan changes. Pure. */
export function plannedFiles(plan: SetupPlan, existing: Existing, ids: Ids): readonly PlannedFile[] {
  const { envPath, envText, yamlPath, yamlText, displaced } = existing;
  const changes = new Map<PlannedSetting['name'], string>(
    plan.settings.map(({ name, value }) => [name, value instanceof Secret ? value.reveal() : value]),
  );
  const env = { path: envPath, old: envText, text: updateEnv(envText, changes, plan.retired) };
  const jobs = plan.jobs.map((job) => written(job, ids));
  const yaml = {
    path: yamlPath,
    old: yamlText,
    text: updateYaml(yamlText, jobs, displaced, plan.sharedAlbums),
  };
  return [
    ...(jobs.length > 0 || plan.sharedAlbums !== undefined ? [yaml] : []),
    ...(changes.size + plan.retired.length > 0 ? [env] : []),
  ]
    .filter(({ old, text }) => old !== text);
}

function written(job: PlannedJob, ids: Ids): WrittenJob {
  const { name, kind, source, target, sourcePath, targetPath, placement } = job;
  const what = job.select !== undefined
    ? `what is chosen of ${source.name}'s photos`
    : kind === 'upload'
    ? `what ${source.name} uploads`
    : `photos of ${source.name}`;
  return {
    replaces: job.replaces,
    comment: job.change === 'moved' ? 'taken over from .env' : plain(`${what}, for ${target.name}`),
    fields: {
      name,
      kind,
      source: undefined, // the ids take their place
      target: undefined,
      source_user_id: source.id,
      target_user_id: target.id,
      target_library_id: idOf(job.library, ids.libraries),
      source_path_prefix: sourcePath,
      target_path_prefix: targetPath,
      album_id: job.album === undefined ? undefined : idOf(job.album, ids.albums),
      placement,
      match_people: job.matchPeople,
    },
    ...job.select === undefined ? {} : { select: job.select },
  };
}

function idOf(id: string | NewOrKnown, created: readonly string[]): string {
  return typeof id === 'string' ? id : created[id.new] ?? '';
}

/**
 * The configuration that these files make, together with everything else that is read. Throws ConfigError.
 *
 * @param yamlFile where the text of the YAML file can be read now; undefined if there is none
 */
export function configurationOf(
  files: readonly PlannedFile[],
  { envPath, place }: Existing,
  yamlFile: string | undefined,
): Config {
  const variables = files.find(({ path }) => path === envPath)?.text;
  const set = Object.entries(place.env).filter(([, value]) => value !== undefined && !isBlank(value));
  // What .env will say counts for more than what it says, and the process environment for more than both.
  const env = { ...(variables === undefined ? {} : dotEnvValues(variables)), ...Object.fromEntries(set) };
  const { cwd } = place;
  return loadConfig({ env, cwd, needJobs: false, configFile: yamlFile });
}
