import { createHash } from 'node:crypto';
import { diffLines } from 'diff';
import { JOB_FIELDS } from '../../config/job_fields.ts';
import { ownPaths } from '../../config/own_paths.ts';
import { SettingsReader } from '../../config/reader.ts';
import { type SettingName, settingOf } from '../../config/settings.ts';
import { dotEnvSource, environmentSource, type Source } from '../../config/sources.ts';
import { readTextFile } from '../../config/text_file.ts';
import { findConfigFile } from '../../config/config_file.ts';
import type { ConfigurationEdit, EditAnswer, EditedFile } from '../../sandbox/supervision.ts';
import {
  type FileDifference,
  type SettingsChange,
  type SettingsDesk,
  type SettingsOutcome,
  type SettingsView,
  type SettingView,
  STAGED,
} from '../../service/settings/desk.ts';
import { updateEnv } from '../env_text.ts';
import type { ConfigurationPlace } from '../existing.ts';
import { EDITABLE_FIELDS, isListField, jobsInYaml, PLACE_FIELDS, withJobFields, withNewJob } from './yaml_job.ts';
import { withoutSecrets, withSecretsOf } from './yaml_secrets.ts';
import { withSettings } from './yaml_settings.ts';

/** The settings of the page: how often, how careful, what is written back. Addresses, directories and secrets are for the console. */
const EDITABLE_SETTINGS = [
  'SYNC_INTERVAL_SECONDS',
  'RECONCILE_HOURS',
  'OFFLINE_GRACE_HOURS',
  'BRAKE_PERCENT',
  'BRAKE_MINIMUM',
  'INCLUDE_ARCHIVED',
  'SHARE_EDITED',
  'WRITE_SCHEDULE',
  'WRITE_WINDOW',
  'WRITE_MODULES',
  'WRITE_TO',
  'LOG_LEVEL',
] as const satisfies readonly SettingName[];

/** Each of them makes a share without a list of shares. */
const SINGLE_JOBS = ['SHARED_PATH_PREFIX', 'UPLOAD_SOURCE_USER_ID'] as const satisfies readonly SettingName[];

/** Lines around a change that are shown with it. */
const CONTEXT = 2;

interface DeskOptions {
  readonly place: ConfigurationPlace;
  /** Asks what is outside of the sandbox to look, or to write. */
  readonly edit: (edit: ConfigurationEdit) => Promise<EditAnswer>;
  /** Called when something else is configured than before. */
  readonly onSaved: () => void;
}

/** What the page of settings shows and changes: `config.yaml`, and in `.env` what stands there already. */
export class ConfigurationDesk implements SettingsDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  read(): SettingsView {
    const { yaml } = this.#files();
    const text = yaml?.old ?? '';
    const shown = withoutSecrets(text);
    return {
      shares: jobsInYaml(text).map(({ name, fields }) => ({
        name,
        fields: EDITABLE_FIELDS.map((field) => ({
          field,
          description: JOB_FIELDS[field].description,
          value: fields[field],
          isList: isListField(field),
        })),
      })),
      newShare: this.#newShare(yaml !== undefined && shown !== undefined),
      settings: this.#settings(),
      file: yaml === undefined
        ? { why: 'The configuration is no YAML file. It is changed where it lies.' }
        : shown === undefined
        ? { why: `${yaml.path} cannot be understood. It is changed where it lies.` }
        : { path: yaml.path, text: shown },
    };
  }

  #newShare(canBeWritten: boolean): SettingsView['newShare'] {
    if (!canBeWritten) return { why: 'Shares are added where the file lies, or with immich-sidecar setup.' };
    const { environment, env, file } = this.#sources();
    const single = SINGLE_JOBS.find((name) => [environment, env, file].some((source) => source.has(name)));
    if (single !== undefined) {
      return {
        why:
          `${single} makes a share of its own, which a list of shares would end. immich-sidecar setup moves it into the list first.`,
      };
    }
    return {
      name: '',
      fields: [...PLACE_FIELDS, ...EDITABLE_FIELDS].map((field) => ({
        field,
        description: JOB_FIELDS[field].description,
        value: '',
        isList: isListField(field),
      })),
    };
  }

  async preview(change: SettingsChange): Promise<SettingsOutcome> {
    const files = this.#changed(change);
    if (files.length === 0) return { kind: 'nothing' };
    const answer = await this.#options.edit({ files, isTry: true });
    if (answer.kind !== 'fine') return outcomeOf(answer);
    return { kind: 'fine', differences: files.map(differenceOf), widens: answer.widens, digest: digestOf(files) };
  }

  async save(change: SettingsChange, digest: string): Promise<SettingsOutcome> {
    const files = this.#changed(change);
    if (files.length === 0 || digestOf(files) !== digest) return await this.preview(change);
    const answer = await this.#options.edit({ files, isTry: false });
    if (answer.kind === 'written' && answer.staged.length === 0) this.#options.onSaved();
    return outcomeOf(answer);
  }

  #files(): { readonly env: Omit<EditedFile, 'text'>; readonly yaml: Omit<EditedFile, 'text'> | undefined } {
    const { env, cwd, configFile } = this.#options.place;
    const paths = ownPaths(env, cwd, configFile);
    return {
      env: { path: paths.env, old: textOf(paths.env) },
      yaml: paths.yaml === undefined ? undefined : { path: paths.yaml, old: textOf(paths.yaml) },
    };
  }

  #sources(): { readonly environment: Source; readonly env: Source; readonly file: Source } {
    const { env, cwd, configFile } = this.#options.place;
    const variables = [environmentSource(env), dotEnvSource(cwd, [], env)] as const;
    return {
      environment: variables[0],
      env: variables[1],
      file: findConfigFile(variables, cwd, configFile, [], [])?.settings ?? new Map(),
    };
  }

  #settings(): SettingView[] {
    const { environment, env, file } = this.#sources();
    const reader = new SettingsReader([environment, env, file], this.#options.place.cwd, []);
    return EDITABLE_SETTINGS.map((name) => {
      const { description, default: otherwise = '' } = settingOf(name);
      const raw = reader.find(name);
      return {
        name,
        description,
        otherwise,
        value: typeof raw?.value === 'string' ? raw.value : (raw?.value ?? []).join(','),
        place: raw?.place,
        isFixed: environment.has(name),
      };
    });
  }

  /** The files as they would be, and only those that become others. */
  #changed(change: SettingsChange): EditedFile[] {
    const { env, yaml } = this.#files();
    const old = yaml?.old ?? '';
    const inYaml = (text: string) => yaml === undefined ? [] : [{ ...yaml, text }];
    switch (change.kind) {
      case 'share':
        return inYaml(withJobFields(old, change.name, change.fields)).filter(isOther);
      case 'new-share':
        return 'why' in this.read().newShare ? [] : inYaml(withNewJob(old, change)).filter(isOther);
      case 'file':
        return inYaml(withSecretsOf(old, change.text.replaceAll('\r\n', '\n'))).filter(isOther);
      case 'settings': {
        const { env: inEnv } = this.#sources();
        const wanted = this.#settings().filter(({ name, value, isFixed }) => {
          const said = change.fields[name]?.trim();
          return !isFixed && said !== undefined && said !== value;
        }).map(({ name }) => [name as SettingName, change.fields[name]?.trim() ?? ''] as const);
        // What stands in .env counts for more than the other file, so it is changed there.
        const ofEnv = wanted.filter(([name]) => inEnv.has(name));
        const ofYaml = wanted.filter(([name]) => !inEnv.has(name));
        return [
          ...inYaml(withSettings(old, ofYaml)),
          { ...env, text: ofEnv.length === 0 ? env.old ?? '' : updateEnv(env.old, new Map(ofEnv), []) },
        ].filter(isOther);
      }
    }
  }
}

function isOther({ old = '', text }: EditedFile): boolean {
  return old !== text;
}

function textOf(path: string): string | undefined {
  const file = readTextFile(path);
  return file.state === 'read' ? file.text : undefined;
}

function outcomeOf(answer: EditAnswer): SettingsOutcome {
  switch (answer.kind) {
    case 'wrong':
      return {
        kind: 'wrong',
        problems: answer.problems.map(({ key, place, message, remedy }) => `${key} (${place}): ${message}. ${remedy}`),
      };
    case 'refused':
      return { kind: 'wrong', problems: [`${answer.message} ${answer.remedy}`] };
    case 'written':
      return answer.staged.length === 0
        ? { kind: 'saved', kept: answer.kept }
        : { kind: 'staged', commands: answer.staged.map((path) => `mv '${path}${STAGED}' '${path}'`) };
    case 'fine':
      return { kind: 'nothing' };
  }
}

function digestOf(files: readonly EditedFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('base64url');
}

/** Of a file with secrets: these are not shown, and of one whose lines say nothing but secrets and settings only what changes. */
function differenceOf({ path, old = '', text }: EditedFile): FileDifference {
  const isEnv = path.endsWith('.env');
  const shown = (one: string) => isEnv ? one : withoutSecrets(one) ?? '';
  const lines = diffLines(shown(old), shown(text)).flatMap(({ added, removed, value }) =>
    value.replace(/\n$/, '').split('\n').map((line) => ({
      kind: added ? 'added' as const : removed ? 'removed' as const : 'same' as const,
      text: line,
    }))
  );
  const context = isEnv ? 0 : CONTEXT;
  const isNear = (at: number) =>
    lines.slice(Math.max(at - context, 0), at + context + 1).some(({ kind }) => kind !== 'same');
  return { path, lines: lines.filter((_, at) => isNear(at)) };
}
